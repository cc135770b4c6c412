package deploy

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// damage removes a file of a release, as a person does who replaces one in what runs.
func (p *place) damage(version string) {
	p.t.Helper()
	if err := os.Remove(filepath.Join(p.root, "releases", version, "bin", "server")); err != nil {
		p.t.Fatal(err)
	}
}

// cutWhere runs f and cuts it off at the first place of this name after which tells true (nil: always).
func (p *place) cutWhere(place string, after func() bool, f func(reached func(string)) error) {
	p.t.Helper()
	defer func() {
		if _, ok := recover().(cutOff); !ok {
			p.t.Fatalf("it doesn't come to %q", place)
		}
	}()
	_ = f(func(at string) {
		if at == place && (after == nil || after()) {
			panic(cutOff{at})
		}
	})
}

// wantCurrent is want without the release being whole.
func (p *place) wantCurrent(version string) {
	p.t.Helper()
	state, err := store.Look(p.root)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := inForce(p.t, p.root); got != version || state.Current != version || state.Deploy != nil || !p.svc.down && p.svc.loaded != version {
		p.t.Errorf("%q is in force and %q runs, want %s: %+v", got, p.svc.loaded, version, state)
	}
}

func (p *place) settle() error {
	return p.within(nil, func(d *Deployer) error { return d.Settle(p.t.Context()) })
}

// TestDamagedReleaseStays: where nothing was switched yet, what is in force stays, whole or not.
func TestDamagedReleaseStays(t *testing.T) {
	for _, older := range []bool{false, true} {
		for _, down := range []bool{false, true} {
			prepare := func(t *testing.T) *place {
				p := newPlace(t)
				if older {
					if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.deploy(packageOf(t, "1.4.0", nil)); err != nil {
					t.Fatal(err)
				}
				p.damage("1.4.0")
				p.svc.down = down
				return p
			}
			next := packageOf(t, "1.5.0", nil)
			p := prepare(t)
			p.cutWhere("before the definition", nil, func(reached func(string)) error { return p.deployAs(next, p.settings(), reached) })
			if err := p.settle(); err != nil {
				t.Error(err)
			}
			p.wantCurrent("1.4.0")

			p = prepare(t) // and where the new one can't be put in force
			err := p.deployAs(next, p.settings(), func(at string) {
				if at == "after naming" {
					if err := os.Remove(filepath.Join(p.root, "releases", "1.5.0", "daruma.yaml")); err != nil {
						t.Error(err)
					}
				}
			})
			if err == nil {
				t.Error("a release without a definition is deployed")
			}
			p.wantCurrent("1.4.0")

			// Once it has switched, the older one that is whole comes back, or where there is none the new one stays.
			p = prepare(t)
			p.cutWhere("after the definition", nil, func(reached func(string)) error { return p.deployAs(next, p.settings(), reached) })
			p.svc.loaded = "1.5.0"
			if err := p.settle(); err != nil {
				t.Error(err)
			}
			if older {
				p.wantCurrent("1.0.0")
			} else {
				p.wantCurrent("1.5.0")
			}
		}
	}
}

// TestRollbackWithoutCurrent: a rollback that is cut off where no release was in force leaves a record that can be read.
func TestRollbackWithoutCurrent(t *testing.T) {
	prepare := func() *place {
		p := newPlace(t)
		p.svc.down = true
		if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
			t.Fatal(err)
		}
		err := p.within(nil, func(d *Deployer) error {
			d.Store.State.Current = ""
			return errors.Join(d.Store.TakeOutOfForce(), d.Store.Save())
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for n := 1; ; n++ {
		p := prepare()
		cut, where, err := cutAt(n, func(reached func(string)) error {
			return p.within(reached, func(d *Deployer) error { return d.Rollback(t.Context(), "") })
		})
		if !cut {
			if err != nil || n < 5 {
				t.Error(n, err)
			}
			p.want("1.0.0", store.Unproven)
			return
		}
		if err := p.settleOpen(); err != nil {
			t.Fatalf("cut %s: %v", where, err)
		}
		if in := inForce(t, p.root); in != "" {
			p.wantCurrent("1.0.0")
		} else if n > 2 {
			t.Errorf("cut %s: the release isn't in force", where)
		}
	}
}

// settleOpen is settle with an error where the record can't be read.
func (p *place) settleOpen() error {
	if _, err := store.Look(p.root); err != nil {
		return err
	}
	return p.settle()
}

// TestRecordWithoutVersion: in any step but that of a rollback a record without a version is refused, for it names the folder of all releases.
func TestRecordWithoutVersion(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
		t.Fatal(err)
	}
	err := p.within(nil, func(d *Deployer) error {
		d.Store.State.Deploy = &store.Deploy{Step: store.Unpacking}
		return d.Store.Save()
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Look(p.root); err == nil {
		t.Error("it is taken")
	}
}

// TestSettledByTheDeploysOwnLimit: whoever settles a deploy that was cut off removes no release that it would have left.
func TestSettledByTheDeploysOwnLimit(t *testing.T) {
	next := packageOf(t, "1.4.0", nil)
	for _, recorded := range []bool{true, false} {
		p := newPlace(t)
		for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
			if err := p.deploy(packageOf(t, version, nil)); err != nil {
				t.Fatal(err)
			}
		}
		four := p.settings()
		four.HistoryLimit = 4
		switched := func() bool {
			state, err := store.Look(p.root)
			return err == nil && state.Current == "1.4.0"
		}
		p.cutWhere("after the state", switched, func(reached func(string)) error { return p.deployAs(next, four, reached) })
		want := "1.1.0 1.2.0 1.3.0 1.4.0"
		err := p.within(nil, func(d *Deployer) error {
			if !recorded { // by a daruma that didn't write the limit down
				d.Store.State.Deploy.HistoryLimit, want = 0, "1.0.0 1.1.0 1.2.0 1.3.0 1.4.0"
			}
			d.Settings.HistoryLimit = 2
			return d.Settle(t.Context())
		})
		if err != nil || p.folders() != want {
			t.Error(err, p.folders())
		}
		p.want("1.4.0", store.Kept)
	}
}
