package hosting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
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
	if code != exitcode.Done {
		return service.WithExitCode(fmt.Errorf("%v (exit code %d); %s says why", code, int(code), whyIn(h.cfg.Service)), int(code))
	}
	return nil
}
