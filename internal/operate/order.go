package operate

import (
	"context"
	"errors"
	"fmt"
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

	Up             bool          `json:"-"` // Results say how programs came up, not how they ended
	AlreadyStopped bool          `json:"-"` // nothing was to be done
	Took           time.Duration `json:"-"`
}

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
// the service manager, *DefinitionError, *NotUpError with a whole result, or ctx's; after Timeout one that is context.DeadlineExceeded, and the order goes on.
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
	err = o.carryOut(ctx, services, &r)
	var notUp *NotUpError
	if err != nil && !errors.As(err, &notUp) {
		return r, true, err
	}
	r.Took = time.Since(begin)
	if status, ok := Status(ctx, o.Service); ok {
		r.System = &status
	}
	return r, true, err
}

// Restart restarts an installed service that runs, in a way that survives this process; its definition was checked before. reason is for
// events.
func Restart(ctx context.Context, services manager.Manager, service, reason string) error {
	o := Order{Service: service, Command: control.Command{Verb: control.VerbRestart, Reason: reason}, Progress: func(string) func() { return func() {} }}
	return o.carryOut(ctx, services, &Result{})
}

// carryOut has the supervisor and the service manager do it. The order is theirs from the first moment: nothing that is left to do then is
// left to this process, which may be interrupted, or belong to one of the programs that are being stopped.
func (o Order) carryOut(ctx context.Context, services manager.Manager, r *Result) error {
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	if o.Verb == control.VerbStart {
		defer o.Progress("waiting for the service manager: " + o.Service)()
		if err := services.Start(ctx, o.Service); err != nil {
			return WithEnd(ctx, services, o.Service, err)
		}
		return o.awaitUp(ctx, services, r)
	}
	defer o.Progress("stopping " + o.Service)()
	told := o.tell(ctx)
	defer told.forget()
	told.awaitSent(ctx)
	err := o.give(ctx, services, told)
	if err != nil && o.Verb == control.VerbRestart {
		return WithEnd(ctx, services, o.Service, err)
	}
	if err != nil {
		return err
	}
	told.awaitAnswer(ctx, answerTime)
	if told.answered() && told.answer.Results != nil {
		r.Answer = told.answer
	}
	if o.Verb == control.VerbRestart {
		return o.awaitUp(ctx, services, r)
	}
	return nil
}

// WithEnd adds to the service manager's error, which knows an exit code at most, why the service ended by itself.
func WithEnd(ctx context.Context, services manager.Manager, service string, err error) error {
	if how := ended(ctx, services, service); ctx.Err() == nil && how != "" {
		return fmt.Errorf("%w; the service ended by itself: %s", err, how)
	}
	return err
}

// awaitUp waits for the programs of a service that was started.
func (o Order) awaitUp(ctx context.Context, services manager.Manager, r *Result) error {
	up, err := AwaitUp(ctx, services, o.Service)
	if up != nil {
		r.Results, r.Up = merge(up, r.Results), true
	}
	return err
}

// give gives the order to the service manager, and follows it to its end.
func (o Order) give(ctx context.Context, services manager.Manager, told *told) error {
	if o.Verb == control.VerbStop {
		return services.Stop(ctx, o.Service)
	}
	return o.restart(ctx, services, told)
}
