package operate

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/service/manager"
)

// Order is an order to a service as a whole.
type Order struct {
	Service string
	control.Command
	Timeout time.Duration // for all of it; 0: as long as it takes

	// Judge reads a definition that the running supervisor refuses in the environment that the service will start with, which an
	// installation may have changed. A nil error overrules the supervisor. nil: there is no second opinion.
	Judge func(file string) error

	// Progress is called before something that may take a while; end when it is over.
	Progress func(doing string) (end func())
}

// Result is what an order to an installed service did: to its programs, where they were asked first, and to the service.
type Result struct {
	control.Answer
	System *manager.Status `json:"system"` // what the service manager says afterwards

	AlreadyStopped bool          `json:"-"` // nothing was to be done
	Took           time.Duration `json:"-"`
}

// SupervisorError is an error of the part that the supervisor does.
type SupervisorError struct{ Err error }

func (e *SupervisorError) Error() string { return e.Err.Error() }
func (e *SupervisorError) Unwrap() error { return e.Err }

// DefinitionError is a definition that the service couldn't start with. Nothing was stopped.
type DefinitionError struct{ Errors []string } // each with its place

func (e *DefinitionError) Error() string {
	return strings.Join(e.Errors, "\n") + "\nthe definition is refused; nothing was stopped"
}

// checkDefinition asks the running supervisor, which has the service's account and environment, whether the service could start again.
// One that doesn't answer forbids nothing: a restart may be what it needs, and the service starts with its last good definition.
func (o Order) checkDefinition(ctx context.Context) error {
	client, err := control.Dial(o.Service)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	status, err := client.Status(ctx)
	if err != nil || len(status.DefinitionErrors) == 0 {
		return nil
	}
	if status.Definition == control.DefinitionRefused && o.Judge != nil && o.Judge(status.DefinitionFile) == nil {
		return nil
	}
	return &DefinitionError{status.DefinitionErrors}
}

// checkTimeout is a little more than the supervisor's own limit for a status.
const checkTimeout = 6 * time.Second

// Run carries out what concerns an installed service as a whole. handled is false where the order is for the supervisor alone: the
// service isn't installed, or runs in a terminal, or the order is for one program, or no start, stop or restart. Errors: those of
// the service manager, *SupervisorError, or *DefinitionError.
func (o Order) Run(ctx context.Context) (r Result, handled bool, err error) {
	if o.Program != "" || o.Verb != control.VerbStart && o.Verb != control.VerbStop && o.Verb != control.VerbRestart {
		return r, false, nil
	}
	status, ok := Status(ctx, o.Service)
	if !ok {
		return r, false, nil
	}
	up := HasProcess(status)
	if up && o.Verb == control.VerbStart || !up && Supervised(ctx, o.Service) {
		return r, false, nil
	}
	r.Results = []control.ProgramResult{}
	if !up && o.Verb == control.VerbStop {
		r.AlreadyStopped, r.System = true, &status
		return r, true, nil
	}
	services := manager.Manager{}
	if err := services.MayControl(ctx, o.Service); err != nil {
		return r, true, err
	}
	if o.Verb == control.VerbRestart {
		if err := o.checkDefinition(ctx); err != nil {
			return r, true, err
		}
	}
	begin := time.Now()
	if err := o.carryOut(ctx, services, &r); err != nil {
		return r, true, err
	}
	r.Took = time.Since(begin)
	if status, ok := Status(ctx, o.Service); ok {
		r.System = &status
	}
	return r, true, nil
}

// carryOut stops the programs first where they run: the supervisor knows which step ended each, the service manager doesn't.
func (o Order) carryOut(ctx context.Context, services manager.Manager, r *Result) error {
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	if o.Verb != control.VerbStart {
		if err := o.stopPrograms(ctx, r, silence); err != nil {
			return err
		}
	}
	defer o.Progress("waiting for the service manager: " + o.Service)()
	switch o.Verb {
	case control.VerbStart:
		return services.Start(ctx, o.Service)
	case control.VerbStop:
		return services.Stop(ctx, o.Service)
	}
	return services.Restart(ctx, o.Service)
}

// silence is how long a supervisor may give no sign of life while it stops programs. Its own limit for one is 5 s, and its keeper
// replaces it after 20 s in which it hangs.
const silence = 30 * time.Second

// stopPrograms has the supervisor stop them; one that isn't there has none, and one that is silent for too long isn't waited for: it hangs
// for good, or who answers isn't daruma's. The service manager stops the keeper then, which ends the programs.
func (o Order) stopPrograms(ctx context.Context, r *Result, silence time.Duration) error {
	defer o.Progress("stopping " + o.Service)()
	stop := o.Command
	stop.Verb = control.VerbStop
	client, err := control.Dial(o.Service)
	if err == nil {
		alive, end := whileAlive(ctx, client, silence)
		defer end()
		var answer control.Answer
		if answer, err = client.Command(alive, stop); answer.Results != nil {
			r.Answer = answer
		}
		if err != nil && errors.Is(context.Cause(alive), errSilent) {
			return nil
		}
	}
	if err == nil || errors.Is(err, control.ErrNotRunning) {
		return nil
	}
	return &SupervisorError{err}
}

var errSilent = errors.New("the supervisor gives no sign of life")

// whileAlive gives a context that ends with [errSilent] when the supervisor has answered no question after its health for so long.
func whileAlive(ctx context.Context, client *control.Client, silence time.Duration) (alive context.Context, end func()) {
	alive, cancel := context.WithCancelCause(ctx)
	go func() {
		for alive.Err() == nil {
			asking, done := context.WithTimeout(alive, silence)
			_, err := client.Health(asking)
			silent := errors.Is(asking.Err(), context.DeadlineExceeded)
			done()
			if err != nil && silent && ctx.Err() == nil {
				cancel(errSilent)
			}
			select {
			case <-alive.Done():
			case <-time.After(silence / 10):
			}
		}
	}()
	return alive, func() { cancel(nil) }
}
