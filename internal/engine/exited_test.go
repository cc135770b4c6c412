package engine

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestExits(t *testing.T) {
	rules := []definition.ExitRule{
		{From: 0, To: 0, Action: definition.ExitStop}, {From: 3, To: 3, Action: definition.ExitRestart}, {From: 64, To: 78, Action: definition.ExitGiveUp},
		{From: 3, To: 255, Action: definition.ExitStop}, // 3 and 64–78 are spoken for
	}
	const foreground = "have it stay in the foreground, by an option of its own, or name what it starts as the command"
	killed := func(signal int) Exit { return Exit{Code: -1, Signal: signal} }
	for _, c := range []struct {
		policy definition.RestartPolicy
		rules  []definition.ExitRule
		exit   Exit
		state  State
		reason string
	}{
		{definition.Always, nil, Exit{Code: 0}, Spawning, "exit code 0; restarted at once"},
		{definition.Always, nil, Exit{Code: 9}, Spawning, "exit code 9; restarted at once"},
		{definition.Always, nil, Exit{Code: 0, Orphans: true}, Spawning,
			"exit code 0, but processes that it had started went on and were ended: " + foreground + "; restarted at once"},
		{definition.Always, nil, Exit{Code: 0, Orphans: true, Left: []string{"nginx"}, LeftAll: 1}, Spawning,
			"exit code 0, but 1 process that it had started went on and was ended (nginx): " + foreground + "; restarted at once"},
		{definition.Always, nil, Exit{Code: 0, Orphans: true, Left: []string{"nginx", "sh", "nginx"}, LeftAll: 3}, Spawning,
			"exit code 0, but 3 processes that it had started went on and were ended (2 × nginx, sh): " + foreground + "; restarted at once"},
		{definition.Always, nil, Exit{Code: 9, Orphans: true}, Spawning, "exit code 9; restarted at once"},
		{definition.OnFailure, nil, Exit{Code: 0, Orphans: true}, Completed, "exit code 0, restartPolicy is OnFailure, but processes that it had started went on and were ended: " + foreground},
		{definition.Never, nil, Exit{Code: 0, Orphans: true, Left: []string{"java"}, LeftAll: 40}, Completed,
			"exit code 0, restartPolicy is Never, but 40 processes that it had started went on and were ended (java, …): " + foreground},
		{definition.OnFailure, nil, Exit{Code: 0}, Completed, "exit code 0, restartPolicy is OnFailure"},
		{definition.OnFailure, nil, Exit{Code: 9}, Spawning, "exit code 9; restarted at once"},
		{definition.OnFailure, nil, killed(15), Spawning, "ended by SIGTERM; restarted at once"},
		{definition.Never, nil, Exit{Code: 0}, Completed, "exit code 0, restartPolicy is Never"},
		{definition.Never, nil, Exit{Code: 9}, Failed, "exit code 9, and restartPolicy is Never"},
		{definition.Never, nil, killed(9), Failed, "ended by SIGKILL, and restartPolicy is Never"},
		{definition.Always, rules, Exit{Code: 0}, Completed, "exit code 0, exitCodes says stop"},
		{definition.Never, rules, Exit{Code: 3}, Spawning, "exit code 3; restarted at once"},
		{definition.Always, rules, Exit{Code: 64}, Failed, "exit code 64, exitCodes says giveUp"},
		{definition.Always, rules, Exit{Code: 78}, Failed, "exit code 78, exitCodes says giveUp"},
		{definition.Always, rules, Exit{Code: 63}, Completed, "exit code 63, exitCodes says stop"},
		{definition.Always, rules, Exit{Code: 1}, Spawning, "exit code 1; restarted at once"},
		{definition.Always, rules, Exit{Code: -1, Signal: 11, CoreDump: true}, Spawning, "ended by SIGSEGV (core dumped); restarted at once"},
		{definition.Never, rules, Exit{Code: 0, Signal: 9}, Failed, "ended by SIGKILL, and restartPolicy is Never"}, // codes are for exits
		{definition.OnFailure, nil, Exit{Code: 0, Signal: 9}, Spawning, "ended by SIGKILL; restarted at once"},
		{definition.Always, nil, killed(64), Spawning, "ended by signal 64; restarted at once"},
	} {
		d := newHarness(t, prog("p", func(p *definition.Program) { p.RestartPolicy, p.ExitCodes = c.policy, c.rules }))
		d.run("p")
		d.step(Exited{Program: "p", Generation: 1, Exit: c.exit})
		p := d.s.Program("p")
		if p.State != c.state || p.Reason != c.reason {
			t.Errorf("%s %+v: %s, %q; want %s, %q", c.policy, c.exit, p.State, p.Reason, c.state, c.reason)
		}
		if p.LastExit == nil || !reflect.DeepEqual(*p.LastExit, c.exit) {
			t.Errorf("%+v: remembered as %+v", c.exit, p.LastExit)
		}
		switch c.state {
		case Completed:
			hasNot[OpenIncident](d) // it ended as it should
		case Failed:
			has[OpenIncident](d)
			if e := has[CloseIncident](d); e.Outcome != "gaveUp" {
				t.Errorf("%+v", e)
			}
		default:
			kind := "exit"
			if c.exit.Signal != 0 {
				kind = "signal"
			}
			if f := has[OpenIncident](d); f.Kind != kind {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestSpawnFailures(t *testing.T) {
	d := newHarness(t, prog("p"))
	d.start("p")
	failed := func() {
		t.Helper()
		d.step(SpawnFailed{Program: "p", Generation: d.gen("p"), Error: "command x: not found"})
	}
	failed()
	d.want("p", Spawning)
	if f := has[OpenIncident](d); f.Kind != "spawn" || f.Cause != "command x: not found" {
		t.Errorf("%+v", f)
	}
	failed()
	d.want("p", Backoff)
	if r := d.s.Program("p").Reason; r != "command x: not found; 2 failures in a row, next start in 500 ms" {
		t.Errorf("%q", r)
	}
	d.fire("p")
	d.spawned("p")
	failed() // its launch failed after the fork
	if timer := has[SetTimer](d); timer.After != time.Second {
		t.Errorf("%+v", timer)
	}
	d = newHarness(t, prog("p", func(p *definition.Program) { p.RestartPolicy = definition.Never }))
	d.start("p")
	failed()
	d.want("p", Failed)
	if r := d.s.Program("p").Reason; r != "command x: not found, and restartPolicy is Never" {
		t.Errorf("%q", r)
	}
}

func limited(then definition.GiveUpAction) func(*definition.Program) {
	return func(p *definition.Program) {
		p.Backoff.Initial = 0
		p.MaxRestarts = &definition.MaxRestarts{Count: 2, Within: time.Minute, Then: then}
	}
}

func TestMaxRestartsGivesUp(t *testing.T) {
	d := newHarness(t, prog("p", limited(definition.GiveUp)), prog("q"))
	d.run("q")
	d.run("p")
	crash(d, "p")
	d.now += 30 * time.Second
	crash(d, "p")
	d.exit("p", 1)
	d.want("p", Failed)
	if r := d.s.Program("p").Reason; r != "exit code 1; restarted 2 times within 60 s, which is what maxRestarts allows" {
		t.Errorf("%q", r)
	}
	hasNot[Spawn](d)
	hasNot[EndService](d)
	d.want("q", Running)
	if d.s.Phase() != Supervising {
		t.Error("the others go on")
	}
	d.start("p") // a person may try again
	d.want("p", Spawning)
}

func TestMaxRestartsWindowSlides(t *testing.T) {
	d := newHarness(t, prog("p", limited(definition.GiveUp)))
	d.run("p")
	for range 20 {
		crash(d, "p")
		d.now += 30 * time.Second // the last but one is exactly a minute ago
	}
	crash(d, "p")
	d.now += 30*time.Second - 1
	d.exit("p", 1)
	d.want("p", Failed)
}

// Restarts by the keeper count too: the window is the program's, not that of whoever acted.
func TestMaxRestartsCountsTheKeepers(t *testing.T) {
	d := newHarness(t, prog("p", limited(definition.GiveUp)))
	d.run("p")
	for gen := range uint64(2) {
		d.step(Exited{Program: "p", Generation: gen + 1, Exit: Exit{Code: 1}, Restarted: gen + 2})
		if o := has[SetRestartGrant](d); o.Grant.Count != 1-int(gen) {
			t.Errorf("after restart %d: %+v", gen+1, o)
		}
		d.spawned("p")
	}
	d.exit("p", 1)
	d.want("p", Failed)
}

func TestMaxRestartsEscalates(t *testing.T) {
	d := newHarness(t, prog("p", limited(definition.Escalate)), prog("q"))
	d.run("q")
	d.run("p")
	crash(d, "p")
	crash(d, "p")
	d.exit("p", 1)
	d.want("p", Failed)
	if e := has[EndService](d); !e.Failed || !strings.HasPrefix(e.Reason, "p: exit code 1; restarted 2 times") {
		t.Errorf("%+v", e)
	}
	d.want("q", Stopping)
	if d.s.Phase() != Ending {
		t.Fatal("the service isn't ending")
	}
	d.exit("q", 0)
	if e := has[EndService](d); e.Failed || d.s.Phase() != Ended { // the failure was told before: the first End counts
		t.Errorf("%+v", e)
	}
	d.want("p", Failed)
}

// Failed probes use up maxRestarts like exits.
func TestMaxRestartsCountsUnhealthyRuns(t *testing.T) {
	d := newHarness(t, prog("p", limited(definition.GiveUp), func(p *definition.Program) { p.LivenessProbe = &definition.Probe{} }))
	d.run("p")
	for range 3 {
		d.want("p", Running)
		d.step(Probed{Program: "p", Generation: d.gen("p"), Kind: LivenessProbe, Reason: "livenessProbe failed 3 times in a row: 503"})
		d.want("p", Stopping)
		d.exit("p", 0)
		if d.s.Program("p").State == Spawning {
			d.spawned("p")
		}
	}
	d.want("p", Failed)
}

// Restarts are counted by what led to them: exits, signals, starts that failed, probes.
func TestRestartsByKind(t *testing.T) {
	d := newHarness(t, prog("p", func(p *definition.Program) { p.Backoff.Initial, p.LivenessProbe = 0, &definition.Probe{} }))
	d.run("p")
	crash(d, "p")
	crash(d, "p")
	d.step(Exited{Program: "p", Generation: d.gen("p"), Exit: Exit{Code: -1, Signal: 9}})
	d.step(SpawnFailed{Program: "p", Generation: d.gen("p"), Error: "not found"})
	d.spawned("p")
	d.step(Probed{Program: "p", Generation: d.gen("p"), Kind: LivenessProbe, Reason: "livenessProbe failed 3 times in a row: 503"})
	d.exit("p", 0)
	want := map[string]int{"exit": 2, "signal": 1, "spawn": 1, "livenessProbe": 1}
	if p := d.s.Program("p"); !maps.Equal(p.RestartsBy, want) || p.Restarts != 5 {
		t.Errorf("%d restarts, %v, want %v", p.Restarts, p.RestartsBy, want)
	}
}
