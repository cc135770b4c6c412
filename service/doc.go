// Package service makes a service of one function: a Windows service, a systemd notify service, a container's main
// process and a program in a terminal, from one executable that finds out by itself what started it.
//
// # The least service
//
//	func main() {
//		service.Main(service.Service{Name: "hello", Run: func(ctx context.Context, host *service.Host) error {
//			host.Ready()
//			<-ctx.Done()
//			return nil
//		}})
//	}
//
// Run starts what it needs, calls [Host.Ready], works until its context is done, cleans up and returns. The executable has
// verbs: `hello install`, `hello start`, `hello status`, `hello stop`, `hello uninstall`, and `hello run` for the terminal.
// A program with a command line of its own calls [Run] instead of [Main],
// and [Install], [Start], [Status] and the like for its own verbs.
//
// # Stopping
//
// Every request to end cancels the context: a stop by the Service Control Manager, the shutdown of Windows, Ctrl+C, SIGTERM, a closed
// console. The cause is which of them it was:
//
//	<-ctx.Done()
//	switch context.Cause(ctx) {
//	case service.ReasonShutdown: // seconds, not minutes
//	case service.ReasonInterrupt: // somebody is watching
//	}
//
// From then on Run has [Service].StopTimeout, 30 s unless set, to return. What must be finished by then gets
// [Host.StopContext], which ends a little earlier; package closer does it in order; [Host.Serve] does all of it for a server:
//
//	service.Main(service.Service{Name: "web", Run: func(ctx context.Context, host *service.Host) error {
//		l, err := host.Listen("tcp", ":8080")
//		if err != nil {
//			return err
//		}
//		return host.Serve(ctx, &http.Server{Handler: mux}, l)
//	}})
//
// A Run that ignores its context is ended at the deadline, with the stacks of all goroutines in the log (and on stderr
// where that is no log of package service/log). A
// second Ctrl+C ends it at once. [Host.ExtendTimeout] gives it more time. A service that ends by itself may announce it
// with [Host.Stopping].
//
// # Starting
//
// Until [Host.Ready] the service is starting: dependents wait, `systemctl start` and `sc start` wait or show it. While it is
// starting or stopping, the Service Control Manager gets a new checkpoint every two seconds, with a promise of the next
// within ten, so that a slow service isn't taken for a hung one. A start without Ready ends at StartTimeout, 90 s unless set, as a
// failure.
//
// # Failing
//
// Run's result is the service's:
//
//	nil                             a clean stop, also when nobody asked for it; nobody restarts the service
//	ctx.Err() after a request       the same
//	any other error                 a failure: exit code 1, or that of [WithExitCode]
//	a panic in Run or a handler     a failure: exit code 80, with the stack in the log
//	a deadline, a missing heartbeat a failure: exit codes 81 to 83
//
// systemd sees the exit status and the reason as the unit's status text; the Service Control Manager sees the code as
// service-specific and runs the failure actions. [ExitOK] has the details. A panic in a goroutine that the service
// started itself ends the process with Go's exit code 2, which both take for a crash.
//
// # More than stopping
//
// Pause, continue, reload, power, sessions and codes of the service's own come to the functions of [Service] of those names,
// one at a time, in order. A control is accepted only where there is a function for it:
//
//	                   Windows                 Linux
//	OnReload           PARAMCHANGE             SIGHUP, with RELOADING=1 for systemd
//	OnPause/OnContinue PAUSE, CONTINUE         –
//	OnPower            POWEREVENT              –
//	OnSession          SESSIONCHANGE           –
//	OnControl          128 to 255              –
//
// # Health
//
// A service that hangs is restarted if it has a heartbeat: [Host.Heartbeat] in the main loop arms the watchdog.
// [Host.Health] takes checks of liveness and readiness; daruma gets their results without a port.
//
// # What runs it
//
// [Host.Environment] is one of
//
//	EnvSCM        Windows' Service Control Manager. Console events are ignored: a user's logoff isn't the service's.
//	EnvSystemd    NOTIFY_SOCKET is set: READY=1, STATUS, STOPPING=1, RELOADING=1, EXTEND_TIMEOUT_USEC, WATCHDOG=1
//	EnvDaruma     DARUMA_NOTIFY is set: the same messages, to daruma's supervisor
//	EnvContainer  SIGTERM stops it. As PID 1, zombies of orphaned processes are reaped; those of os/exec's children aren't touched.
//	EnvTerminal   everything else
//
// On systems other than Windows and Linux there is the terminal alone.
//
// # What it leaves behind
//
// When Main or Run has returned, no goroutine of the package is left, with these exceptions: that of package os/signal on Linux, which
// Go can't end; on Windows, after CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT or CTRL_SHUTDOWN_EVENT, the system's own call, for
// Windows ends the process when it returns; and the Service Control Manager's dispatcher, where the end of the process reports
// the failure.
package service
