// Package keeper is the parent of all programs: the process that holds what must not be lost when the supervisor dies.
//
// It starts, signals and kills process trees, holds the read ends of their output and their listening sockets, restarts a program where
// it has a restart grant, and restarts the supervisor when that dies or misses its heartbeat. It takes commands from one
// supervisor, over a connection that it made itself; it parses nothing that a stranger wrote and listens on nothing.
//
// One goroutine, locked to the main thread, owns everything ([Main]). On Linux the thread matters: a child's
// parent-death signal fires when the thread that forked it ends. Nor can another thread that never ends help with forking: an upgrade is an
// execve(2), which ends all threads but the one that calls it, and their children would be killed.
//
//	main.go        what is done before the loop and after it
//	keeper.go      the state, and the loop
//	supervisor.go  start, watch and replace the supervisor
//	messages.go    what comes from the supervisor and what goes to it; commands.go executes, greeting.go greets a new one
//	folders_linux.go  the folders that a supervisor may write to
//	allowed.go     what the definition allows, which every start and every socket is compared with; allowed_linux.go reads it
//	run.go         programs and their runs; runend.go ends a run and restarts it
//	starting.go    a start that doesn't come to its exec
//	requests.go    what is asked of the keeper by signals, or by its host through [Handle]
//
// What passes between keeper and supervisor, and the supervisor's end of it, is package wire. Process trees are package tree.
package keeper
