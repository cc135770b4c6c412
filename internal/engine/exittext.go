package engine

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/definition"
)

// terminated is what the keeper reports in place of a signal when it ended a run on Windows: its SignalEnded.
const terminated = 137

// signalName gives the name of a Linux signal. The engine can't ask the operating system: it is pure, and a
// snapshot may be read on another machine.
func signalName(n int) string {
	names := [...]string{
		1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
		9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
		16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT", 19: "SIGSTOP", 20: "SIGTSTP", 21: "SIGTTIN", 22: "SIGTTOU",
		23: "SIGURG", 24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH", 29: "SIGIO",
		30: "SIGPWR", 31: "SIGSYS",
	}
	if n > 0 && n < len(names) {
		return names[n]
	}
	if n == terminated {
		return "TerminateJobObject"
	}
	return fmt.Sprintf("signal %d", n)
}

// String says how a run ended: "exit code 3", "ended by SIGSEGV (core dumped)", "ended by the kernel's OOM killer (SIGKILL): memory ran out".
func (e Exit) String() string {
	switch {
	case e.Error != "":
		return e.Error
	case e.NoMemory:
		return "ended by the kernel's OOM killer (" + signalName(e.Signal) + "): memory ran out"
	case e.Signal != 0:
		w := "ended by " + signalName(e.Signal)
		if e.CoreDump {
			w += " (core dumped)"
		}
		return w
	}
	return definition.ExitCodeText(e.Code)
}
