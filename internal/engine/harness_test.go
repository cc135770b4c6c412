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

// harness drives an engine by hand and remembers what it said.
type harness struct {
	t   *testing.T
	s   *Service
	now time.Duration
	out []Effect
}

func newHarness(t *testing.T, programs ...definition.Program) *harness {
	return &harness{t: t, s: New(service(programs...), 1)}
}

func (d *harness) step(ev Event) []Effect {
	d.t.Helper()
	d.out = append([]Effect(nil), d.s.Step(d.now, ev)...)
	return d.out
}

func (d *harness) start(name string)   { d.t.Helper(); d.step(Request{Verb: Start, Program: name}) }
func (d *harness) stop(name string)    { d.t.Helper(); d.step(Request{Verb: Stop, Program: name}) }
func (d *harness) restart(name string) { d.t.Helper(); d.step(Request{Verb: Restart, Program: name}) }

func (d *harness) spawned(name string) {
	d.t.Helper()
	d.step(Spawned{Program: name, Generation: d.gen(name), PID: 100 + int(d.gen(name)), At: d.now})
}

func (d *harness) exit(name string, code int) {
	d.t.Helper()
	d.step(Exited{Program: name, Generation: d.gen(name), Exit: Exit{Generation: d.gen(name), Code: code, At: d.now}})
}

// run brings a program up.
func (d *harness) run(name string) {
	d.t.Helper()
	d.start(name)
	d.spawned(name)
}

// fire lets the program's timer fire at its time.
func (d *harness) fire(name string) {
	d.t.Helper()
	d.step(TimerFired{Program: name, Serial: d.s.Program(name).Serial})
}

func (d *harness) gen(name string) uint64 { return d.s.Program(name).Generation }

func (d *harness) want(name string, state State) {
	d.t.Helper()
	if p := d.s.Program(name); p.State != state {
		d.t.Fatalf("%s is %s (%d), not %s (%d); reason %q; last effects %s", name, p.State, p.State, state, state, p.Reason, show(d.out))
	}
}

// has gives the first effect of type E.
func has[E Effect](d *harness) E {
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

func hasNot[E Effect](d *harness) {
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
