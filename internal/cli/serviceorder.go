package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/service/manager"
)

// systemAnswer is what an order to an installed service did: to its programs, where they were asked first, and to the service.
type systemAnswer struct {
	control.Answer
	System *manager.Status `json:"system"` // the service manager's word afterwards
}

// orderSystem carries out what concerns an installed service as a whole: its supervisor can't start itself, and where it alone
// stopped, the operating system's recovery or the next boot would bring back what it shouldn't. handled is false where the order is
// for the supervisor: the service isn't installed, or runs in a terminal, or the order is for one program or another verb.
func orderSystem(ctx context.Context, std IO, t target, c control.Command, timeout time.Duration, output format) (handled bool, err error) {
	if t.program != "" || c.Verb != control.VerbStart && c.Verb != control.VerbStop && c.Verb != control.VerbRestart {
		return false, nil
	}
	status, ok := installed(ctx, t.service)
	if !ok {
		return false, nil
	}
	up := lives(status)
	if up && c.Verb == control.VerbStart || !up && supervised(ctx, t.service) {
		return false, nil
	}
	if !up && c.Verb == control.VerbStop {
		return true, reportSystem(ctx, std, t.service, control.Answer{}, "already stopped", output)
	}
	if err := (manager.Manager{}).MayControl(ctx, t.service); err != nil {
		return true, serviceFailure(err)
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	begin := time.Now()
	answer, err := carryOutSystem(ctx, std, t, c)
	if err != nil {
		return true, serviceFailure(err)
	}
	done := fmt.Sprintf("%s after %s", done(c.Verb), seconds(float64(time.Since(begin).Milliseconds())))
	return true, reportSystem(context.WithoutCancel(ctx), std, t.service, answer, done, output)
}

// carryOutSystem stops the programs first where they run: the supervisor can tell which step ended each, the service manager can't.
func carryOutSystem(ctx context.Context, std IO, t target, c control.Command) (control.Answer, error) {
	var answer control.Answer
	if c.Verb != control.VerbStart {
		stop := c
		stop.Verb = control.VerbStop
		var err error
		answer, err = give(ctx, std, t, stop, "stopping", 0)
		var exit *exitError
		if err != nil && !(errors.As(err, &exit) && exit.code == ExitNotRunning) {
			return answer, err
		}
	}
	services, end := managerOf(std, "waiting for the service manager: "+t.service)
	defer end()
	switch c.Verb {
	case control.VerbStart:
		return answer, services.Start(ctx, t.service)
	case control.VerbStop:
		return answer, services.Stop(ctx, t.service)
	}
	return answer, services.Restart(ctx, t.service)
}

// reportSystem prints what became of the programs, then of the service.
func reportSystem(ctx context.Context, std IO, service string, answer control.Answer, done string, output format) error {
	a := systemAnswer{Answer: answer}
	if status, ok := installed(ctx, service); ok {
		a.System = &status
	}
	if a.Results == nil {
		a.Results = []control.ProgramResult{}
	}
	var err error
	if output == formatJSON {
		err = writeJSON(std.Out, a)
	} else {
		for _, r := range a.Results {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "%s: %s\n", r.Program, outcome(control.VerbStop, r))
			}
		}
		word := ""
		if a.System != nil {
			word, _ = systemState(*a.System)
			word = "; the service is " + word
		}
		if err == nil {
			_, err = fmt.Fprintf(std.Out, "%s: %s%s\n", service, done, word)
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}

// supervised tells whether a supervisor of this service is there, whoever started it.
func supervised(ctx context.Context, service string) bool {
	client, err := control.Dial(service)
	if err == nil {
		_, err = client.Health(ctx)
	}
	return !errors.Is(err, control.ErrNotRunning)
}
