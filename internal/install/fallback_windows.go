package install

// fallbackByDefault: recovery actions know nothing of a start that failed, and an update or a tool may take them away.
const fallbackByDefault = true
