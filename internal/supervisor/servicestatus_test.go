package supervisor

import (
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/engine"
)

func TestWhenAServiceIsUp(t *testing.T) {
	ready := &engine.Program{Name: "r", Wanted: true, State: engine.Running, Ready: true}
	running := &engine.Program{Name: "n", Wanted: true, State: engine.Running}
	spawning := &engine.Program{Name: "s", Wanted: true, State: engine.Spawning}
	unwanted := &engine.Program{Name: "u", State: engine.Stopped}
	for _, c := range []struct {
		what     string
		programs []*engine.Program
		when     definition.Condition
		up       bool
		says     string
	}{
		{"all ready", []*engine.Program{ready, unwanted}, definition.Ready, true, "2 programs: 1 ready, 1 stopped"},
		{"one runs", []*engine.Program{ready, running}, definition.Started, true, "2 programs: 1 ready, 1 running"},
		{"one runs, and is to be ready", []*engine.Program{ready, running}, definition.Ready, false, "2 programs: 1 ready, 1 running; not ready: n"},
		{"one has no process", []*engine.Program{ready, spawning}, definition.Started, false, "2 programs: 1 ready, 1 starting"},
	} {
		if got := serviceStatus(c.programs, c.when); got.Up != c.up || got.Status != c.says {
			t.Errorf("%s: %+v, want %v %q", c.what, got, c.up, c.says)
		}
	}
	if got := shortList(strings.Split("a b c d e f g", " ")); got != "a, b, c, d, e and 2 more" {
		t.Errorf("a long list is %q", got)
	}
}
