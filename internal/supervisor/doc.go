// Package supervisor drives the engine: effects become actions, what happens becomes events.
//
// It is the second of daruma's two processes, started by the keeper and replaced by it when it dies. Everything it
// knows is either the keeper's (runs, pids, exits, pipes, sockets) or in the snapshot that the keeper holds for it, so
// that a successor can go on wherever it ended.
//
// One goroutine owns the state: [supervisor.run]. Probes, hooks, control requests, timers and the keeper's messages
// are functions posted to its mailbox. The snapshot goes to the keeper before the messages that follow from it, on one
// connection: what the keeper has carried out is always in the snapshot.
//
// In the order in which it happens: main.go, start.go, takeover.go (where there was a predecessor), loop.go, then
// keepermessages.go (what happened), effects.go (what is to be done), command.go and waiter.go (what people ask), over.go, end.go.
// allowed.go is another process' work: it tells the keeper what the definition allows, see [Read].
// What can do without the supervisor's state is in the packages below this one.
package supervisor
