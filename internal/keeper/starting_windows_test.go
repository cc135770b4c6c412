package keeper

import (
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// hangingKeeper makes a keeper for which CreateProcess of a program called held hangs until letGo, as it does while somebody holds an
// opportunistic lock on the executable. Wine has no such locks.
func hangingKeeper(t *testing.T) (k *keeper, letGo func()) {
	t.Helper()
	k = newKeeper(Config{Service: "test", Folders: folders.Folders{Run: t.TempDir()}})
	if err := k.open(); err != nil {
		t.Fatal(err)
	}
	k.startLimit = 200 * time.Millisecond
	held := make(chan struct{})
	k.createProcess = func(p launch.Plan, with launch.Attachments) (launch.Child, error) {
		if p.Argv[len(p.Argv)-1] == "held" {
			<-held
			p.Argv = p.Argv[:len(p.Argv)-1]
		}
		return launch.Start(p, with)
	}
	return k, func() { close(held) }
}

func (k *keeper) turnUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := monotonic.Now() + 30*time.Second; !done(); {
		k.poll.Wait(5 * time.Millisecond)
		k.finishRuns()
		k.endLateStarts()
		k.finishTurn()
		if monotonic.Now() > end {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func spawnOf(t *testing.T, id string, more ...string) *wire.Spawn {
	exe := testbin.Path(t)
	p := launch.Plan{Path: exe, Argv: append([]string{exe, "hang"}, more...), UID: launch.Leave, GID: launch.Leave}
	return &wire.Spawn{ID: id, Generation: 1, Spec: wire.Spec{Plan: launch.Encode(&p)}}
}

// TestAHeldCreationHoldsUpNobody: while CreateProcess hangs for one program, others are started and ended.
func TestAHeldCreationHoldsUpNobody(t *testing.T) {
	k, letGo := hangingKeeper(t)
	k.execute(spawnOf(t, "hers", "held"))
	p := k.programs["hers"]
	if p.alive == nil || !p.alive.starting || len(k.starting) != 1 {
		t.Fatalf("it isn't being started: %+v", p.alive)
	}
	k.execute(&wire.Signal{ID: "hers", Generation: 1, Signal: wire.SignalCtrlC}) // there is nobody to send it to
	k.execute(spawnOf(t, "good"))
	good := k.programs["good"]
	k.turnUntil(t, "the other program runs", func() bool { return good.alive != nil && !good.alive.starting })
	k.execute(&wire.Kill{ID: "good", Generation: 1})
	k.turnUntil(t, "the other program has ended", func() bool { return good.alive == nil })
	letGo()
	k.turnUntil(t, "what was asked to end during its start has ended", func() bool { return p.alive == nil })
	if len(k.starting) != 0 || len(p.ended) != 0 {
		t.Errorf("%d starts and %d runs are left", len(k.starting), len(p.ended))
	}
}

// TestAHeldCreationIsGivenUp: the start counts as failed, and a process that comes after all is ended.
func TestAHeldCreationIsGivenUp(t *testing.T) {
	k, letGo := hangingKeeper(t)
	k.execute(spawnOf(t, "hers", "held"))
	p := k.programs["hers"]
	p.alive.late.since -= busyLimit // a minute has passed
	k.turnUntil(t, "it is given up", func() bool { return p.alive.failed != "" })
	if why := p.alive.failed; !strings.Contains(why, "opportunistic lock") || !strings.Contains(why, "testprog") {
		t.Errorf("the reason is %q", why)
	}
	r := p.alive
	letGo()
	k.turnUntil(t, "its process has ended", func() bool { return p.alive == nil })
	if r.PID == 0 {
		t.Error("there never was a process")
	}
}

// TestALateCreation: where CreateProcess was only slow, the program runs.
func TestALateCreation(t *testing.T) {
	k, letGo := hangingKeeper(t)
	k.execute(spawnOf(t, "hers", "held"))
	p := k.programs["hers"]
	letGo()
	k.turnUntil(t, "it runs", func() bool { return !p.alive.starting })
	if p.alive.PID == 0 || len(k.starting) != 0 {
		t.Errorf("%+v", p.alive)
	}
	k.execute(&wire.Kill{ID: "hers", Generation: 1})
	k.turnUntil(t, "it has ended", func() bool { return p.alive == nil })
	if len(p.ended) != 1 || p.ended[0].exit.Signal != wire.SignalEnded {
		t.Errorf("it ended as %+v", p.ended)
	}
}
