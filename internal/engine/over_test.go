package engine

import (
	"fmt"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

// TestOver: the service is over when nothing more will happen by itself, and not while something runs, will be tried again, or was stopped by
// order.
func TestOver(t *testing.T) {
	once := func(p *definition.Program) { p.RestartPolicy = definition.Never }
	limited := func(p *definition.Program) { p.MaxRestarts = &definition.MaxRestarts{Count: 1, Within: 1 << 40} }
	for _, c := range []struct {
		name     string
		programs []definition.Program
		steps    func(*harness)
		over     bool
		left     string
	}{
		{"all completed", []definition.Program{prog("a", once), prog("b", once)}, func(d *harness) { d.exit("a", 0); d.exit("b", 0) }, true, "[]"},
		{"one failed", []definition.Program{prog("a", once), prog("b", once)}, func(d *harness) { d.exit("a", 0); d.exit("b", 1) }, true, "[b]"},
		{"given up", []definition.Program{prog("a", limited)}, func(d *harness) { d.exit("a", 1); d.spawned("a"); d.exit("a", 1) }, true, "[a]"},
		{"restarted", []definition.Program{prog("a", limited)}, func(d *harness) { d.exit("a", 1) }, false, "[]"},
		{"in backoff", []definition.Program{prog("a")}, func(d *harness) { d.exit("a", 1); d.spawned("a"); d.exit("a", 1) }, false, "[]"},
		{"one runs", []definition.Program{prog("a", once), prog("b", once)}, func(d *harness) { d.exit("a", 1) }, false, "[]"},
		{"one was stopped", []definition.Program{prog("a", once), prog("b")}, func(d *harness) { d.stop("b"); d.exit("b", 0); d.exit("a", 1) }, false, "[]"},
		{"the failed one was stopped", []definition.Program{prog("a", once), prog("b", once)}, func(d *harness) { d.exit("a", 1); d.stop("a"); d.exit("b", 0) }, false, "[]"},
		{"waits in vain", []definition.Program{prog("a", once), prog("b", after("a", definition.Completed)), prog("c", after("b", definition.Started))},
			func(d *harness) { d.exit("a", 1) }, true, "[a b c]"},
		{"waits for what was stopped", []definition.Program{prog("a"), prog("b", after("a", definition.Completed)), prog("c", once)},
			func(d *harness) { d.stop("a"); d.exit("a", 0); d.exit("c", 1) }, false, "[]"},
		{"tried again by order", []definition.Program{prog("a", once)}, func(d *harness) { d.exit("a", 1); d.start("a") }, false, "[]"},
		{"being stopped", []definition.Program{prog("a", once)}, func(d *harness) { d.exit("a", 1); d.step(Shutdown{}) }, false, "[]"},
		{"without programs", nil, func(*harness) {}, false, "[]"},
	} {
		d := newHarness(t, c.programs...)
		d.step(Request{Verb: Start})
		for _, p := range d.s.Programs() {
			if p.State == Spawning {
				d.spawned(p.Name)
			}
		}
		c.steps(d)
		over, unfinished := d.s.Over()
		left := []string{}
		for _, p := range unfinished {
			left = append(left, p.Name)
		}
		if over != c.over || fmt.Sprint(left) != c.left {
			t.Errorf("%s: %v %v, want %v %s", c.name, over, left, c.over, c.left)
		}
	}
}
