package supervisor

import (
	"errors"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/supervisor/events"
)

// told gives the one event that f publishes.
func told(t *testing.T, found incident.Found, end *ending, f func(*supervisor)) control.Event {
	t.Helper()
	hub := control.NewHub(0)
	s := &supervisor{def: &definition.Service{Programs: make([]definition.Program, 2)}, found: found, ending: end, hub: hub, events: events.New(hub, nil)}
	f(s)
	if s.hub.Last() == 0 {
		return control.Event{}
	}
	list, err := s.hub.Since(t.Context(), 0, make([]control.Event, 0, 2))
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	return list[0]
}

func TestHowTheServiceBeginsAndEnds(t *testing.T) {
	for _, c := range []struct {
		found incident.Found
		kind  control.EventKind
		id    int
		words string
	}{
		{incident.Found{}, control.EventServiceStarted, 1001, "2 programs, daruma "},
		{incident.Found{Booted: true}, control.EventRecoveredAfterBoot, 1002, "didn't run when"},
		{incident.Found{Booted: true, Down: incident.Machine}, control.EventRecoveredAfterBoot, 1002, "went down while it ran"},
		{incident.Found{Down: incident.Keeper}, control.EventKeeperFailed, 1005, "started again"},
	} {
		if e := told(t, c.found, nil, (*supervisor).publishStart); e.Kind != c.kind || e.EventID != c.id || !strings.Contains(e.Reason, c.words) {
			t.Errorf("%+v: %+v", c.found, e)
		}
	}
	if e := told(t, incident.Found{}, &ending{reason: "all programs are completed"}, (*supervisor).publishEnd); e.Kind != control.EventServiceStopped || e.Reason != "all programs are completed" {
		t.Errorf("%+v", e)
	}
	for _, end := range []*ending{nil, {failed: true}} {
		if e := told(t, incident.Found{}, end, (*supervisor).publishEnd); e.Kind != "" {
			t.Errorf("%+v: %+v", end, e)
		}
	}
}

func TestProblemsOfAReload(t *testing.T) {
	_, err := definition.Parse([]byte("name: shop\nprograms: {api: {command: [x], env: {A: [hunter22]}, nice: hunter22}}\n"), "daruma.yaml", nil)
	if list, place := problems(err); len(list) != 2 || !strings.HasPrefix(place, "2 errors, the first at daruma.yaml:2:") || strings.Contains(place, "hunter22") {
		t.Errorf("%q, %q", list, place)
	}
	if list, place := problems(errors.New("no such file")); len(list) != 1 || place != "no such file" {
		t.Errorf("%q, %q", list, place)
	}
}
