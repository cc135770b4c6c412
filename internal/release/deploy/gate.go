package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// fall is why a release isn't kept.
type fall struct {
	why        string
	lastOutput []string
}

// gate gives the running service an order (a reload, or only to wait), and tells what is wrong with what it led to; nil: it came up and
// stayed up for the time that settings ask for. The first fall of a program ends the wait: what has fallen once isn't kept, though it
// stands again.
func gate(ctx context.Context, supervisor Supervisor, verb control.Verb, why string, settings Settings) *fall {
	before, err := supervisor.Status(ctx)
	if err != nil {
		return &fall{why: "the supervisor doesn't answer: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, settings.ProgressDeadline)
	defer cancel()
	order, stop := context.WithCancel(ctx)
	fallen, watched := make(chan control.Event, 1), make(chan struct{})
	go func() {
		defer close(watched)
		watch(order, supervisor, before.EventSeq, func(e control.Event) {
			fallen <- e
			stop()
		})
	}()
	defer func() {
		stop()
		<-watched // nothing looks on when the next release is put in force
	}()
	answer, err := supervisor.Command(order, control.Command{Verb: verb, Reason: why, MinReadySeconds: settings.MinReady.Seconds()})
	select {
	case e := <-fallen:
		return &fall{why: fmt.Sprintf("%s fell: %s", e.Program, e.Reason), lastOutput: lastOutput(supervisor, e.Program)}
	default:
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &fall{why: fmt.Sprintf("it wasn't ready for %v within %v%s", settings.MinReady, settings.ProgressDeadline, notReady(supervisor))}
	case err != nil:
		return &fall{why: "the order failed: " + err.Error()}
	case len(answer.Errors) > 0:
		return &fall{why: "its definition is refused: " + strings.Join(answer.Errors, "; ")}
	}
	for _, r := range answer.Results {
		if !r.Done {
			return &fall{why: fmt.Sprintf("%s is %s: %s", r.Program, r.State, r.Message), lastOutput: lastOutput(supervisor, r.Program)}
		}
	}
	return nil
}

// watch calls fell with the first event that says that a program fell. A supervisor that is replaced meanwhile tells its successor's
// events to nobody; the order fails then, too.
func watch(ctx context.Context, supervisor Supervisor, since uint64, fell func(control.Event)) {
	errFell := errors.New("fell")
	_ = supervisor.Events(ctx, control.From{Since: &since, Follow: true}, func(e control.Event) error {
		switch e.Kind {
		case control.EventRestarting, control.EventBackoff, control.EventFailed, control.EventUnhealthy, control.EventEscalated:
			fell(e)
			return errFell
		}
		return nil
	})
}

// questions is how long the answers may take that only make an error better.
const questions = 2 * time.Second

// notReady names the programs that aren't ready, and what their probes say.
func notReady(supervisor Supervisor) string {
	ctx, cancel := context.WithTimeout(context.Background(), questions)
	defer cancel()
	status, err := supervisor.Status(ctx)
	if err != nil {
		return ""
	}
	var list []string
	for i := range status.Programs {
		p := &status.Programs[i]
		if !p.Wanted || p.Ready || p.State == control.StateCompleted {
			continue
		}
		words := p.Name + " is " + string(p.State) + ", not ready"
		for _, probe := range p.Probes {
			if !probe.OK && probe.Message != "" {
				words += fmt.Sprintf(" (%sProbe: %s)", probe.Kind, probe.Message)
			}
		}
		list = append(list, words)
	}
	if len(list) == 0 {
		return ""
	}
	return ": " + plaintext.Line(strings.Join(list, "; "))
}

// lastOutput gives what program wrote last before it fell, from the record of incidents; nil where that doesn't say.
func lastOutput(supervisor Supervisor, program string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), questions)
	defer cancel()
	for ctx.Err() == nil {
		record, err := supervisor.Incidents(ctx)
		if err != nil {
			return nil
		}
		history, err := incident.ReadFrom(bytes.NewReader(record))
		if err != nil {
			return nil
		}
		list := history.Incidents
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].Program == program {
				if len(list[i].LastOutput) > 0 {
					return list[i].LastOutput
				}
				break
			}
		}
		select { // the last output may still be on its way
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
