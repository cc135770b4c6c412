package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// prog is a program with the defaults that the definition package would fill in.
func prog(name string, change ...func(*definition.Program)) definition.Program {
	p := definition.Program{
		Name: name, Command: []string{"x"}, RestartPolicy: definition.Always,
		Backoff:                definition.Backoff{Initial: 500 * time.Millisecond, Factor: 2, Max: time.Minute, Jitter: 0, ResetAfter: time.Minute},
		TerminationGracePeriod: 30 * time.Second, StopSignal: "SIGTERM",
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func service(programs ...definition.Program) *definition.Service {
	return &definition.Service{Name: "test", Programs: programs}
}

// desk drives an engine by hand and remembers what it said.
type desk struct {
	t   *testing.T
	s   *Service
	now time.Duration
	out []Effect
}

func newDesk(t *testing.T, programs ...definition.Program) *desk {
	return &desk{t: t, s: New(service(programs...), 1)}
}

func (d *desk) step(ev Event) []Effect {
	d.t.Helper()
	d.out = append([]Effect(nil), d.s.Step(d.now, ev)...)
	return d.out
}

func (d *desk) start(name string)   { d.t.Helper(); d.step(Request{Verb: Start, Program: name}) }
func (d *desk) stop(name string)    { d.t.Helper(); d.step(Request{Verb: Stop, Program: name}) }
func (d *desk) restart(name string) { d.t.Helper(); d.step(Request{Verb: Restart, Program: name}) }

func (d *desk) spawned(name string) {
	d.t.Helper()
	d.step(Spawned{Program: name, Generation: d.gen(name), PID: 100 + int(d.gen(name)), At: d.now})
}

func (d *desk) exit(name string, code int) {
	d.t.Helper()
	d.step(Exited{Program: name, Generation: d.gen(name), Exit: Exit{Generation: d.gen(name), Code: code, At: d.now}})
}

// run brings a program up.
func (d *desk) run(name string) {
	d.t.Helper()
	d.start(name)
	d.spawned(name)
}

// fire lets the program's timer fire at its time.
func (d *desk) fire(name string) {
	d.t.Helper()
	d.step(TimerFired{Program: name, Serial: d.s.Program(name).Serial})
}

func (d *desk) gen(name string) uint64 { return d.s.Program(name).Generation }

func (d *desk) want(name string, state State) {
	d.t.Helper()
	if p := d.s.Program(name); p.State != state {
		d.t.Fatalf("%s is %s (%d), not %s (%d); reason %q; last effects %s", name, p.State, p.State, state, state, p.Reason, show(d.out))
	}
}

// has gives the first effect of type E.
func has[E Effect](d *desk) E {
	d.t.Helper()
	for _, e := range d.out {
		if x, ok := e.(E); ok {
			return x
		}
	}
	var none E
	d.t.Fatalf("no %T in %s", none, show(d.out))
	return none
}

func hasNot[E Effect](d *desk) {
	d.t.Helper()
	for _, e := range d.out {
		if x, ok := e.(E); ok {
			d.t.Fatalf("unexpected %T: %+v", x, x)
		}
	}
}

func show(effects []Effect) string {
	s := ""
	for _, e := range effects {
		s += fmt.Sprintf("\n  %T%+v", e, e)
	}
	return s
}
