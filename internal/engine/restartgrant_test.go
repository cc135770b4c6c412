package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// The keeper decides by ranges, the engine by restartDecision: both must agree on every exit.
func TestRestartGrantMatchesDecision(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	actions := []definition.ExitAction{definition.ExitStop, definition.ExitRestart, definition.ExitGiveUp}
	policies := []definition.RestartPolicy{definition.Always, definition.OnFailure, definition.Never}
	for range 3000 {
		p := &Program{Def: &definition.Program{RestartPolicy: policies[rng.IntN(3)]}}
		for range rng.IntN(6) { // overlapping, in any order: the first match wins
			from := rng.IntN(256)
			if rng.IntN(3) == 0 {
				from = rng.IntN(3)
			}
			to := from + rng.IntN(1+rng.IntN(256-from))
			p.Def.ExitCodes = append(p.Def.ExitCodes, definition.ExitRule{From: from, To: to, Action: actions[rng.IntN(3)]})
		}
		codes, signals := p.restartableExits()
		o := RestartGrant{Count: 1, Codes: codes, Signals: signals}
		for i := 1; i < len(codes); i++ {
			if codes[i].From <= codes[i-1].To+1 {
				t.Fatalf("%v isn't in order, or could be shorter", codes)
			}
		}
		for code := range 256 {
			decision, _ := p.restartDecision(Exit{Code: code})
			if covered(o, Exit{Code: code}) != (decision == definition.ExitRestart) {
				t.Fatalf("exit code %d is %s, but the order is %+v (policy %s, rules %v)", code, decision, o, p.Def.RestartPolicy, p.Def.ExitCodes)
			}
		}
		decision, _ := p.restartDecision(Exit{Code: -1, Signal: 9})
		if signals != (decision == definition.ExitRestart) {
			t.Fatalf("SIGKILL is %s, but the order is %+v", decision, o)
		}
	}
}

func TestRestartGrantCoversWindowsCodes(t *testing.T) {
	p := &Program{Def: &definition.Program{RestartPolicy: definition.OnFailure}}
	codes, _ := p.restartableExits()
	if len(codes) != 1 || codes[0] != (Range{1, 0xffff_ffff}) {
		t.Errorf("OnFailure restarts %v", codes)
	}
	p.Def.ExitCodes = []definition.ExitRule{{From: 0xc000_0005, To: 0xc000_0005, Action: definition.ExitGiveUp}}
	if codes, _ = p.restartableExits(); len(codes) != 2 || codes[0].To != 0xc000_0004 || codes[1].From != 0xc000_0006 {
		t.Errorf("but for an access violation: %x", codes)
	}
}

func TestRestartGrant(t *testing.T) {
	never := func(p *definition.Program) { p.RestartPolicy = definition.Never }
	no := func(p *definition.Program) { p.Backoff.Initial = 0 }
	three := func(p *definition.Program) {
		p.MaxRestarts = &definition.MaxRestarts{Count: 3, Within: 10 * time.Minute, Then: definition.GiveUp}
	}
	for _, c := range []struct {
		name     string
		change   []func(*definition.Program)
		failures int
		history  []time.Duration
		count    int
		within   time.Duration
	}{
		{"the free first restart", nil, 0, nil, 1, time.Minute},
		{"none with a failure behind it", nil, 1, nil, 0, 0},
		{"without backoff every one", []func(*definition.Program){no}, 9, nil, unlimitedRestarts, time.Minute},
		{"never", []func(*definition.Program){never}, 0, nil, 0, 0},
		{"what maxRestarts leaves", []func(*definition.Program){no, three}, 2, []time.Duration{59 * time.Minute, 59 * time.Minute}, 1, 10 * time.Minute},
		{"maxRestarts leaves nothing", []func(*definition.Program){three}, 0, []time.Duration{59 * time.Minute, 59 * time.Minute, time.Hour}, 0, 0},
		{"maxRestarts counts in its window", []func(*definition.Program){no, three}, 2, []time.Duration{time.Minute, 50 * time.Minute, 59 * time.Minute}, 2, 10 * time.Minute},
		{"the free one is free once in resetAfter, however short maxRestarts' window", []func(*definition.Program){three, func(p *definition.Program) {
			p.MaxRestarts.Within = time.Second
		}}, 0, nil, 1, time.Minute},
		{"but the free one is one", []func(*definition.Program){three}, 0, nil, 1, 10 * time.Minute},
	} {
		s := New(service(prog("p", c.change...)), 1)
		s.now = time.Hour
		p := s.Program("p")
		p.Failures, p.History = c.failures, c.history
		o := s.restartGrant(p)
		if o.Count != c.count || o.Within != c.within {
			t.Errorf("%s: %+v", c.name, o)
		}
		if c.count > 0 && (!o.Signals || len(o.Codes) != 1 || o.Codes[0] != (Range{0, maxExitCode})) {
			t.Errorf("%s: covers %+v", c.name, o)
		}
	}
}

// A run that the keeper restarted by itself counts like any other.
func TestRestartedByTheKeeper(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.run("p")
	d.step(Exited{Program: "p", Generation: 1, Exit: Exit{Generation: 1, Code: 2}, Restarted: 2})
	d.want("p", Spawning)
	hasNot[Spawn](d)
	if p := d.s.Program("p"); p.Generation != 2 || p.Failures != 1 || p.Restarts != 1 {
		t.Errorf("%+v", p)
	}
	if a := has[RecordAction](d); a.Generation != 2 || a.What != "restarted at once by the keeper" {
		t.Errorf("%+v", a)
	}
	if o := has[SetRestartGrant](d); o.Grant.Count != 0 {
		t.Errorf("the free restart is used up, but the order is %+v", o)
	}
	d.spawned("p")
	d.want("p", Running)
	if r := has[RecordRecovery](d); r.Generation != 2 {
		t.Errorf("%+v", r)
	}
	d.exit("p", 2)
	d.want("p", Backoff)
}

// The order may be older than the definition in force. What runs is followed, whatever the exit code means by now.
func TestRestartedByAnOldOrder(t *testing.T) {
	for _, code := range []int{0, 1} {
		d := newHarness(t, prog("p", func(p *definition.Program) { p.RestartPolicy = definition.Never }))
		d.run("p")
		d.step(Exited{Program: "p", Generation: 1, Exit: Exit{Generation: 1, Code: code}, Restarted: 2})
		if p := d.s.Program("p"); p.State != Spawning || p.Generation != 2 {
			t.Errorf("exit code %d: run 2 is alive, and the program %s at run %d", code, p.State, p.Generation)
		}
	}
}
