package keeper

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
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
