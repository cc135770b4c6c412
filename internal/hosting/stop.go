package hosting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service"
)

// defaultStopTimeout is what package service gives a stop where the command line doesn't say.
const defaultStopTimeout = 30 * time.Second

// stopReserve is how long before the deadline of a stop its context ends: see service.Host.StopContext.
func stopReserve(stop time.Duration) time.Duration {
	if stop <= 0 {
		stop = defaultStopTimeout
	}
	return min(stop/10, 2*time.Second)
}

// endInTime has the keeper end everything a little before package service ends this process: so somebody is left to say what had
// to be ended. The function that it gives calls it off.
func (h *host) endInTime(stop context.Context) (callOff func()) {
	end := context.AfterFunc(stop, func() {
		if deadline, stopping := stop.Deadline(); stopping {
			h.keeper.StopNow("the time to stop is over", time.Until(deadline)+h.reserve)
		}
	})
	return func() { end() }
}

// outcome is how the service ended, as an error with the exit code that the service manager shows.
func (h *host) outcome(code exitcode.Code) error {
	if programs, overdue := h.keeper.Overdue(); overdue {
		what := "the supervisor hadn't ended"
		if len(programs) > 0 {
			what = "ended by force: " + strings.Join(programs, ", ")
		}
		return service.WithExitCode(errors.New("the time to stop was over; "+what), int(exitcode.StopTimeout))
	}
	if code == exitcode.ProgramsFailed {
		return &programsFailedError{h.whyEnded()}
	}
	if code != exitcode.Done {
		return service.WithExitCode(fmt.Errorf("%v (exit code %d); %s says why", code, int(code), whyIn(h.cfg.Service)), int(code))
	}
	return nil
}

// programsFailedError is the end of a service of which nothing is left to run.
type programsFailedError struct{ text string }

func (e *programsFailedError) Error() string { return e.text }

// ExitCode is what the service manager shows; see service.ExitCode.
func (*programsFailedError) ExitCode() int { return int(exitcode.ProgramsFailed) }

// StaysDown says that Windows isn't to start the service again: see service.ExitOK. For systemd the code is in the unit.
func (*programsFailedError) StaysDown() bool { return true }

// whyEnded is what the supervisor has noted, or could not.
func (h *host) whyEnded() string {
	if w, ok := wanted.Load(h.cfg.Folders); ok && w.Ended {
		return w.Why
	}
	why := exitcode.ProgramsFailed.String()
	h.noteEnded(why)
	return why
}
