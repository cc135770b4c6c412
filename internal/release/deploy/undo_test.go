package deploy

import (
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
