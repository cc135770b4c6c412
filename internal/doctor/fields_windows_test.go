package doctor

// unenforceable is what this system can't enforce for a program.
const unenforceable = "umask: \"077\""
