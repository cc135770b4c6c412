package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// MinReadySeconds is how long a program must have been up for an order to have started it: one that fails at once wasn't. supervisord's
// startsecs is the same.
const MinReadySeconds = 1

// NotUpError says that a service runs and programs of it don't.
type NotUpError struct {
	Service string
	Results []control.ProgramResult // of those that don't; none: they didn't come to an end within After
	After   time.Duration
	Ended   string // why the service has ended by itself meanwhile; "": it runs
}

func (e *NotUpError) Error() string {
	if e.Ended != "" {
		return "the service ended by itself: " + e.Ended
	}
	if len(e.Results) == 0 {
		return fmt.Sprintf("the service runs, and not all of its programs are up after %v; see: daruma status %s", e.After, e.Service)
	}
	var lines []string
	for _, r := range e.Results {
		lines = append(lines, plaintext.Line(fmt.Sprintf("%s is %s: %s", r.Program, r.State, r.Message)))
	}
	return "the service runs, and not all of its programs do: " + strings.Join(lines, "; ")
}

// AwaitUp waits until the programs of an installed service that was just started have been up for [MinReadySeconds], or can't be; at most
// as long as the service's start may take. It gives how each came up. Where there is nobody to ask, there is no error unless
// the service has ended with a failure: one whose programs are completed has ended too. Errors: *NotUpError, ctx's.
func AwaitUp(ctx context.Context, services manager.Manager, service string) ([]control.ProgramResult, error) {
	limit := registeredTime(ctx, services, service, startFlag, 90*time.Second)
	asking, cancel := context.WithTimeout(ctx, limit+MinReadySeconds*time.Second)
	defer cancel()
	client, err := control.Dial(service)
	if err != nil {
		return nil, nil
	}
	answer, err := client.Command(asking, control.Command{Verb: control.VerbAwait, MinReadySeconds: MinReadySeconds})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &NotUpError{Service: service, After: limit}
	case err != nil:
		if how := ended(ctx, services, service); how != "" {
			return nil, &NotUpError{Service: service, Ended: how}
		}
		return nil, nil
	}
	err = NotUp(service, answer.Results)
	var notUp *NotUpError
	if errors.As(err, &notUp) && !slices.ContainsFunc(answer.Results, func(r control.ProgramResult) bool { return goesOn(r.State) }) {
		notUp.Ended = ended(ctx, services, service)
	}
	return answer.Results, err
}

// goesOn tells of the state of a program whether the service goes on for it.
func goesOn(s control.State) bool {
	return s != control.StateFailed && s != control.StateCompleted && s != control.StateWaiting && s != control.StateStopped
}

// endTime is how long a service without anything to run may take to end.
const endTime = 3 * time.Second

// ended says why a service has ended by itself with a failure, or is about to; "" where it hasn't.
func ended(ctx context.Context, services manager.Manager, service string) string {
	place, err := folders.Of(service)
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond) // the service manager tells nobody
	defer tick.Stop()
	for {
		status, err := services.Status(ctx, service)
		if err != nil {
			return ""
		}
		if !HasProcess(status) {
			return wanted.Failed(place, status)
		}
		select {
		case <-ctx.Done():
			return ""
		case <-tick.C:
		}
	}
}

// NotUp is the error of the programs that aren't up, a *NotUpError; nil where all are.
func NotUp(service string, results []control.ProgramResult) error {
	failed := &NotUpError{Service: service}
	for _, r := range results {
		if !r.Done {
			failed.Results = append(failed.Results, r)
		}
	}
	if len(failed.Results) == 0 {
		return nil
	}
	return failed
}

// merge adds to how the new runs came up how the old ones ended.
func merge(up, ended []control.ProgramResult) []control.ProgramResult {
	for i := range up {
		for _, old := range ended {
			if old.Program == up[i].Program {
				up[i].EndedBy, up[i].ExitCode, up[i].Signal = old.EndedBy, old.ExitCode, old.Signal
				up[i].TookMs += old.TookMs
			}
		}
	}
	return up
}
