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
	fallen, watched := make(chan control.Event, 1), make(chan uint64, 1)
	go func() {
		watched <- watch(order, supervisor, before.EventSeq, func(e control.Event) {
			fallen <- e
			stop()
		})
	}()
	answer, err := supervisor.Command(order, control.Command{Verb: verb, Reason: why, MinReadySeconds: settings.MinReady.Seconds()})
	stop()
	seen := <-watched // nothing looks on when the next release is put in force
	select {
	case e := <-fallen:
		return fallOf(supervisor, e)
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
	return missed(ctx, supervisor, seen)
}

func fallOf(supervisor Supervisor, e control.Event) *fall {
	return &fall{why: fmt.Sprintf("%s fell: %s", e.Program, e.Reason), lastOutput: lastOutput(supervisor, e.Program)}
}

// isFall tells whether an event says that a program fell.
func isFall(e control.Event) bool {
	switch e.Kind {
	case control.EventRestarting, control.EventBackoff, control.EventFailed, control.EventUnhealthy, control.EventEscalated:
		return true
	}
	return false
}

var errFell = errors.New("fell")

// reconnectAfter is how long a stream of events that broke is left alone.
const reconnectAfter = 50 * time.Millisecond

// watch calls fell with the first event after since that says that a program fell, and gives the number of the last event that it has seen.
// A stream that ends is taken up again where it was.
func watch(ctx context.Context, supervisor Supervisor, since uint64, fell func(control.Event)) (seen uint64) {
	for {
		err := supervisor.Events(ctx, control.From{Since: &since, Follow: true}, func(e control.Event) error {
			since = e.Seq
			if isFall(e) {
				fell(e)
				return errFell
			}
			return nil
		})
		if ctx.Err() != nil || errors.Is(err, errFell) || errors.Is(err, control.ErrLagged) {
			return since
		}
		select {
		case <-ctx.Done():
		case <-time.After(reconnectAfter):
		}
	}
}

// missed looks for a fall among the events after seen, which the watch may not have been told of: its stream broke, or the order was
// carried out first. Where they can't be read nobody knows that the release stayed up, and so it isn't kept. The events of a supervisor
// that was replaced meanwhile are lost: the successor counts on from a number far above.
func missed(ctx context.Context, supervisor Supervisor, seen uint64) *fall {
	ctx, cancel := context.WithTimeout(ctx, questions)
	defer cancel()
	for {
		var fallen *control.Event
		err := supervisor.Events(ctx, control.From{Since: &seen}, func(e control.Event) error {
			seen = e.Seq
			if isFall(e) {
				fallen = &e
				return errFell
			}
			return nil
		})
		switch {
		case fallen != nil:
			return fallOf(supervisor, *fallen)
		case err == nil:
			return nil
		case ctx.Err() != nil || errors.Is(err, control.ErrLagged):
			return &fall{why: "whether a program fell isn't known, for the supervisor's events can't be read: " + err.Error()}
		}
		select {
		case <-ctx.Done():
		case <-time.After(reconnectAfter):
		}
	}
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
