package signals

import (
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/keeper"
)

// Number gives the keeper's number for a stopSignal. One definition may serve both systems, so Linux' signals have a meaning
// here too: Ctrl+Break for SIGQUIT, and for the others Ctrl+C, which most programs treat as SIGTERM.
func Number(name string) int {
	switch strings.TrimPrefix(name, "SIG") {
	case "KILL":
		return keeper.SignalKill
	case "CTRL_BREAK", "QUIT":
		return keeper.SignalBreak
	case "WM_CLOSE":
		return keeper.SignalClose
	}
	return keeper.SignalCtrlC
}

// Kill names what ends a process tree that doesn't end by itself.
const Kill = "TerminateJobObject"

// Name gives the name of a signal by its number, for people.
func Name(n int) string {
	switch n {
	case keeper.SignalKill, keeper.SignalEnded:
		return Kill
	case keeper.SignalBreak:
		return "CTRL_BREAK"
	case keeper.SignalClose:
		return "WM_CLOSE"
	case keeper.SignalCtrlC:
		return "CTRL_C"
	}
	return fmt.Sprintf("signal %d", n)
}
