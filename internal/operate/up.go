package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/plaintext"
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
}

func (e *NotUpError) Error() string {
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
// as long as the service's start may take. It gives how each came up. Where there is nobody to ask, there is no error: a service
// whose programs are completed has ended. Errors: *NotUpError, ctx's.
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
		return nil, nil
	}
	return answer.Results, NotUp(service, answer.Results)
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
