package keeper

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// TestRulesInForceAreHandedOn: what the supervisor goes by is allowed after one takeover and after two, a failed upgrade, though the
// definition's file says something else by now; until the supervisor has taken that.
func TestRulesInForceAreHandedOn(t *testing.T) {
	first := allowing(t, func(*wire.Allowed) {})
	edited := &wire.Allowed{Programs: []wire.AllowedRun{{ID: "web", Plan: framed(func(*launch.Plan) {}), Paths: []string{"/bin/web"}}}}
	old, changed := allowedPlan(), allowedPlan()
	old.Path, changed.Path = "/bin/api", "/bin/web"
	a := first
	for n := range 3 {
		next := &allowances{asked: true}
		next.takeOver(a.toHandOver())
		if err := next.run("api", old); err != nil {
			t.Errorf("after takeover %d, before the file was read: %v", n+1, err)
		}
		next.take(edited)
		if err := next.run("api", old); err != nil {
			t.Errorf("after takeover %d: %v", n+1, err)
		}
		if err := next.run("web", changed); err != nil {
			t.Errorf("after takeover %d, as the file has it: %v", n+1, err)
		}
		a = next
	}
	a.handed = nil // the supervisor has taken the file
	a.take(edited)
	if list := a.toHandOver(); len(list) == 0 || list[len(list)-1] != a.now {
		t.Errorf("%d rules, and the last ones aren't those of the file", len(list))
	}
	if (&allowances{}).toHandOver() != nil {
		t.Error("nothing was read, and something is handed over")
	}
}

// TestWayBackStartsNoSupervisor: a supervisor of the image that gives up would take the exec for its keeper's death, and end the programs.
func TestWayBackStartsNoSupervisor(t *testing.T) {
	k := newKeeper(Config{})
	k.up.enter(probation, probationLimit)
	k.sup.startAt = monotonic.Now() + time.Hour // the last one has just ended
	k.goBack("the new daruma's supervisor wasn't up")
	if k.up.phase != takingOver || k.up.tryAt == 0 || k.sup.startAt != 0 {
		t.Errorf("phase %d, try at %v, next supervisor at %v", k.up.phase, k.up.tryAt, k.sup.startAt)
	}
}

// TestUpToDateLeavesProbation: who asks for an upgrade once more, with nothing new there, doesn't take the way back away.
func TestUpToDateLeavesProbation(t *testing.T) {
	k := newKeeper(Config{})
	old, err := unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	k.up.old = old
	defer k.dropImages()
	k.up.enter(probation, probationLimit)
	for _, path := range []string{k.runs.Path, t.TempDir(), "/nowhere/daruma"} {
		k.runs.Path = path
		if k.askUpgrade(); k.up.phase != probation || k.up.old != old || k.up.image >= 0 {
			t.Errorf("%s: phase %d, files %d and %d", path, k.up.phase, k.up.old, k.up.image)
		}
	}
}

// TestHeldPlansShareTheirEnvironment: a service of 500 programs takes no more memory after an upgrade than before.
func TestHeldPlansShareTheirEnvironment(t *testing.T) {
	k := newKeeper(Config{})
	for _, id := range []string{"a", "b"} {
		k.programs[id] = &program{id: id, launch: &launchable{plan: *allowedPlan()}}
	}
	var data []byte
	add := func(m wire.Message) { data = wire.AppendFrame(data, m, 0) }
	add(k.heldKeeper())
	for _, p := range k.programs {
		add(p.held())
	}
	add(&wire.HeldEnd{})
	h := handed(t, data)
	if len(h.programs) != 2 {
		t.Fatalf("%+v", h)
	}
	a, b := h.programs[0], h.programs[1]
	if &a.launch.plan.Env[0] != &b.launch.plan.Env[0] || a.Plan != nil {
		t.Errorf("%v and %v are two lists, or the encoded plan (%d bytes) is kept", a.launch.plan.Env, b.launch.plan.Env, len(a.Plan))
	}
}

// TestSlowDiskIsNoFaultOfTheNewDaruma: as long as the definition is read, nothing that the supervisor says is heard.
func TestSlowDiskIsNoFaultOfTheNewDaruma(t *testing.T) {
	k := newKeeper(Config{})
	k.up.enter(probation, -1)
	k.up.deadline = monotonic.Now()
	k.allowed.reading, k.allowed.deadline = true, monotonic.Now()+time.Second
	if k.checkUpgrade(); k.up.phase != probation || k.up.deadline <= k.allowed.deadline {
		t.Errorf("phase %d, until %v", k.up.phase, k.up.deadline-monotonic.Now())
	}
	k.allowed.reading, k.up.deadline = false, monotonic.Now()
	if k.checkUpgrade(); k.up.phase != takingOver {
		t.Errorf("phase %d", k.up.phase)
	}
}

// TestStopEndsAnUpgradeThatHasntBegun: the supervisor has programs to stop then, and isn't asked to leave.
func TestStopEndsAnUpgradeThatHasntBegun(t *testing.T) {
	for _, phase := range []upgradePhase{checking, waiting} {
		k := newKeeper(Config{})
		k.up.enter(phase, checkLimit)
		k.stops = 1
		if k.checkUpgrade(); k.up.phase != noUpgrade {
			t.Errorf("phase %d became %d", phase, k.up.phase)
		}
	}
}

// TestUpgradeIsShortWithoutSupervisor: nobody empties the programs' pipes then.
func TestUpgradeIsShortWithoutSupervisor(t *testing.T) {
	k := newKeeper(Config{})
	k.up.enter(leaving, leaveLimit)
	if !k.endedForUpgrade() || k.up.phase != takingOver {
		t.Fatalf("phase %d", k.up.phase)
	}
	if left := k.up.deadline - monotonic.Now(); left > 3*time.Second {
		t.Errorf("it may take %v", left)
	}
}

// TestFailedWayBackIsTold: the new daruma goes on, and why it should have gone stays known.
func TestFailedWayBackIsTold(t *testing.T) {
	runtime.LockOSThread() // as the keeper's is: signals are held and released for one thread
	defer runtime.UnlockOSThread()
	k := newKeeper(Config{})
	k.runs.Version, k.up.last.From, k.up.last.To = "v2", "v1", "v2"
	k.goBack("the new daruma's supervisor wasn't up")
	var err error
	if k.poll, err = poll.New(); err != nil {
		t.Fatal(err)
	}
	k.stops = 1
	k.replaceImage()
	want := "the new daruma's supervisor wasn't up; it goes on all the same, because the way back to v1 failed: "
	if o := k.up.last; !strings.HasPrefix(o.Error, want) || strings.Contains(o.Error, "on disk") || o.From != "v2" {
		t.Errorf("%+v", o)
	}
}

// TestFailedWayBackCountsSessionsOnce: more that an upgrade ended than there were would be a negative number of restarts in the status.
func TestFailedWayBackCountsSessionsOnce(t *testing.T) {
	k := newKeeper(Config{})
	k.sessions, k.up.sessions, k.up.tookOver = 3, 1, 1 // one before the upgrade, two since
	k.goBack("the new daruma's supervisor wasn't up")
	if k.failUpgrade("no memory"); k.up.sessions != k.sessions {
		t.Errorf("%d of %d", k.up.sessions, k.sessions)
	}
	k.up.last.Error = "" // the next upgrade, which doesn't get to its exec: one more ended for it
	k.sessions++
	if k.failUpgrade("no memory"); k.up.sessions != k.sessions {
		t.Errorf("%d of %d", k.up.sessions, k.sessions)
	}
}
