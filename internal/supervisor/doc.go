// Package supervisor drives the engine: effects become actions, what happens becomes events.
//
// It is the second of daruma's two processes, started by the keeper and replaced by it when it dies. Everything it
// knows is either the keeper's (runs, pids, exits, pipes, sockets) or in the snapshot that the keeper holds for it, so
// that a successor goes on where it was ended, at any instant.
//
// One goroutine owns the state: [supervisor.run]. Probes, hooks, control requests, timers and the keeper's messages
// are functions put into its mailbox. After each batch the snapshot goes to the keeper before the orders do, on one
// connection: an order that was obeyed is always in the snapshot.
package supervisor
