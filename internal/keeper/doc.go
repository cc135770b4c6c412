// Package keeper is the parent of all programs: the process that holds what must not be lost when the supervisor dies.
//
// It starts, signals and kills process trees, holds the read ends of their output and their listening sockets,
// restarts by standing order, and restarts the supervisor when that dies or misses its heartbeat. It does as told by
// one peer, over one socket pair it made itself; it parses nothing that a stranger wrote and listens on nothing.
//
// One goroutine, locked to the main thread, owns everything ([Main]). On Linux the thread matters: a child's
// parent-death signal fires when the *thread* that forked it ends.
//
// What passes between keeper and supervisor, and the supervisor's end of it, is package wire.
package keeper
