package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
	native "github.com/daruma-sh/daruma/service"
)

// usualStop is what package service gives a stop where the command line doesn't say.
const usualStop = 30 * time.Second

// stopReserve is how long before the deadline of a stop its context ends: see native.Host.StopContext.
func stopReserve(stop time.Duration) time.Duration {
	if stop <= 0 {
		stop = usualStop
	}
	return min(stop/10, 2*time.Second)
}

// endInTime has the keeper end everything a little before package service ends this process, so that somebody is left to say
// what had to be ended. The function that it gives calls it off.
func (h *hosted) endInTime(stop context.Context) (callOff func()) {
	end := context.AfterFunc(stop, func() {
		if deadline, stopping := stop.Deadline(); stopping {
			h.keeper.StopNow("the time to stop is over", time.Until(deadline)+h.margin)
		}
	})
	return func() { end() }
}

// outcome is how the service ended, for the service manager.
func (h *hosted) outcome(code exitcode.Code) error {
	if programs, overdue := h.keeper.Overdue(); overdue {
		what := "the supervisor hadn't ended"
		if len(programs) > 0 {
			what = "ended by force: " + strings.Join(programs, ", ")
		}
		return native.WithExitCode(errors.New("the time to stop was over; "+what), int(exitcode.StopTimeout))
	}
	if code != exitcode.Done {
		return native.WithExitCode(fmt.Errorf("%v (exit code %d); its log says why", code, int(code)), int(code))
	}
	return nil
}
