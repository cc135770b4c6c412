// Package hosting runs the keeper as a service of the operating system's service manager (daruma host), or in a terminal (daruma run).
//
// It turns what the service manager asks into calls of the keeper's handle, and what the keeper says into the service's state,
// its status text and its exit code. It says how the service manager has to call it; package install writes that down.
//
// A stop comes this way. Windows: service/internal/scm takes the control from the dispatcher, service/controls_windows.go gives it a
// name; Linux: service/service_linux.go takes the signal. service/runner.go ends the context of Run, which is host.go's run here; that calls the keeper's handle
// (keeper/handle.go), the keeper sends StopRequest, and supervisor/keepermessages.go has the engine stop the programs
// (engine/stopping.go). stop.go here ends what is left when the time is over.
//
// What it leaves to others: everything about programs (keeper, supervisor), and the definition, which this process never reads.
package hosting
