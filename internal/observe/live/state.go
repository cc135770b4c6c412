package live

import "github.com/daruma-sh/daruma/internal/control"

// Level is how a state is to be looked at.
type Level int

// The levels.
const (
	Resting  Level = iota // it isn't meant to run
	Good                  // it runs, and is ready and healthy
	Changing              // it is on its way, or frozen on purpose
	Bad                   // somebody should look
)

// StateOf is a program's state as people should see it: that of [control.ProgramStatus], but "unhealthy" or "not ready" where it runs and is that.
func StateOf(p control.ProgramStatus) (state string, level Level) {
	if p.Paused {
		return string(control.StatePaused), Changing
	}
	switch p.State {
	case control.StateRunning:
		switch {
		case !p.Healthy:
			return "unhealthy", Bad
		case !p.Ready:
			return "not ready", Bad
		}
		return "running", Good
	case control.StateFailed, control.StateBackoff:
		return string(p.State), Bad
	case control.StateStopped, control.StateCompleted:
		return string(p.State), Resting
	}
	return string(p.State), Changing
}
