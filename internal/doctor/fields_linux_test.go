package doctor

// unenforceable is what this system can't enforce for a program.
const unenforceable = "resources: {limits: {memory: 1Gi}}"
