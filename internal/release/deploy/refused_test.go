package deploy

import (
	"errors"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// TestRefusedRollback: a release whose definition the supervisor doesn't take any more leaves the current one in force, wherever the rollback is
// cut off, and bars no deploy.
func TestRefusedRollback(t *testing.T) {
	next := packageOf(t, "1.6.0", nil)
	for n := 0; ; n++ {
		p := newPlace(t)
		for _, version := range []string{"1.2.0", "1.5.0"} {
			if err := p.deploy(packageOf(t, version, nil)); err != nil {
				t.Fatal(err)
			}
		}
		p.svc.conduct["1.2.0"] = "refused"
		cut, where, err := cutAt(n, func(reached func(string)) error {
			return p.within(reached, func(d *Deployer) error { return d.Rollback(t.Context(), "1.2.0") })
		})
		if !cut && (!isRefused(err) || !strings.Contains(err.Error(), "daruma.yaml:1:1: no")) {
			t.Error(err)
		}
		if err := p.settle(); err != nil {
			t.Fatalf("cut %s: %v", where, err)
		}
		p.want("1.5.0", store.Kept)
		if n > 0 && !cut {
			if err := p.deploy(next); err != nil {
				t.Error(err)
			}
			p.want("1.6.0", store.Kept)
			return
		}
	}
}

// TestRefusedWayBack: where the release before isn't taken any more either, that is said, and the next one can be deployed.
func TestRefusedWayBack(t *testing.T) {
	for _, cut := range []bool{false, true} {
		p := newPlace(t)
		if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
			t.Fatal(err)
		}
		p.svc.conduct["1.0.0"], p.svc.conduct["1.1.0"] = "refused", "falls"
		if bad := packageOf(t, "1.1.0", nil); cut {
			switched := func() bool { return inForce(t, p.root) == "1.1.0" && p.svc.loaded == "1.1.0" }
			p.cutWhere("before the definition", switched, func(reached func(string)) error { return p.deployAs(bad, p.settings(), reached) })
		} else if err := p.deploy(bad); err == nil || !strings.Contains(err.Error(), "Going back to 1.0.0 FAILED: ") || !strings.Contains(err.Error(), "no") {
			t.Error(err)
		}
		if err, fallen := p.settle(), (*FallenError)(nil); err != nil && !errors.As(err, &fallen) {
			t.Fatal(err)
		}
		if state, err := store.Look(p.root); err != nil || state.Deploy != nil || state.Current != "1.0.0" || inForce(t, p.root) != "1.0.0" {
			t.Errorf("%+v %v", state, err)
		}
		if err := p.deploy(packageOf(t, "1.2.0", nil)); err != nil {
			t.Error(err)
		}
		p.want("1.2.0", store.Kept)
	}
}

// TestSupervisorStarts: a service whose supervisor isn't up yet runs, and nobody could see a release come up: nothing is put in force unproven.
func TestSupervisorStarts(t *testing.T) {
	p := newPlace(t)
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if err := p.deploy(packageOf(t, version, nil)); err != nil {
			t.Fatal(err)
		}
	}
	next := packageOf(t, "1.2.0", nil)
	p.svc.starts = true
	if err := p.deploy(next); !isRefused(err) {
		t.Error(err)
	}
	if err := p.within(nil, func(d *Deployer) error { return d.Rollback(t.Context(), "") }); !isRefused(err) {
		t.Error(err)
	}
	p.want("1.1.0", store.Kept)
	p.svc.starts = false
	p.cutWhere("after the definition", nil, func(reached func(string)) error { return p.deployAs(next, p.settings(), reached) })
	p.svc.starts = true
	if err := p.settle(); !isRefused(err) {
		t.Error("the deploy is settled without a supervisor:", err)
	}
	p.svc.starts = false
	if err := p.settle(); err != nil {
		t.Error(err)
	}
	p.want("1.1.0", store.Kept)
}
