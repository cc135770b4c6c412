package signals

import (
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// Number gives the keeper's number for a stopSignal. One definition may serve both systems, so Linux' signals have a meaning
// here too: Ctrl+Break for SIGQUIT, and for the others Ctrl+C, which most programs treat as SIGTERM.
func Number(name string) int {
	switch strings.TrimPrefix(name, "SIG") {
	case "KILL":
		return wire.SignalKill
	case "CTRL_BREAK", "QUIT":
		return wire.SignalBreak
	case "WM_CLOSE":
		return wire.SignalClose
	}
	return wire.SignalCtrlC
}

// Kill names what ends a process tree that doesn't end by itself.
const Kill = "TerminateJobObject"

// Name gives the name of a signal by its number, for people.
func Name(n int) string {
	switch n {
	case wire.SignalKill, wire.SignalEnded:
		return Kill
	case wire.SignalBreak:
		return "CTRL_BREAK"
	case wire.SignalClose:
		return "WM_CLOSE"
	case wire.SignalCtrlC:
		return "CTRL_C"
	}
	return fmt.Sprintf("signal %d", n)
}
