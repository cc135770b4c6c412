package engine

import "fmt"

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
	if name := ntstatusName(e.Code); name != "" {
		return fmt.Sprintf("exit code 0x%08X (%s)", uint32(e.Code), name)
	}
	if int64(e.Code) >= 1<<31 { // as NTSTATUS and HRESULT values are known
		return fmt.Sprintf("exit code 0x%08X", uint32(e.Code))
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// ntstatusName explains the exit codes with which Windows, .NET and the C library end a program that crashed.
// Source: https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55
func ntstatusName(code int) string {
	switch uint32(code) {
	case 0xC0000005:
		return "access violation"
	case 0xC000001D:
		return "illegal instruction"
	case 0xC0000094:
		return "integer division by zero"
	case 0xC00000FD:
		return "stack overflow"
	case 0xC0000135:
		return "a DLL wasn't found"
	case 0xC000013A:
		return "ended by Ctrl+C"
	case 0xC0000142:
		return "a DLL failed to initialise: often the desktop heap is exhausted by many services of one account"
	case 0xC0000374:
		return "heap corruption"
	case 0xC0000409:
		return "it aborted itself, or its stack was overrun"
	case 0xE0434352:
		return "unhandled .NET exception"
	}
	return ""
}
