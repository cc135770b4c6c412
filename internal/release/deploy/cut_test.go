package deploy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// cutOff is what ends a deploy in the middle: nothing of it runs any more, as after a kill or a power cut.
type cutOff struct{ place string }

// cutAt runs f, and ends it where it reaches its nth place between two changes on the disk. cut: it had so many.
func cutAt(n int, f func(reached func(string)) error) (cut bool, where string, err error) {
	defer func() {
		if end, ok := recover().(cutOff); ok {
			cut, where = true, end.place
		}
	}()
	seen := 0
	return false, "", f(func(place string) {
		if seen++; seen == n {
			panic(cutOff{place})
		}
	})
}

// TestCutOffAnywhere: wherever a deploy is cut off, and wherever the settling of that is cut off again, in the end the old release or the
// new one is in force, whole, and the record says which. Programs that went on meanwhile, and those that a boot has started from
// the disk, come to the same.
func TestCutOffAnywhere(t *testing.T) {
	old, next := packageOf(t, "1.0.0", nil), packageOf(t, "1.1.0", backsUpData())
	deployed := newPlace(t)
	deployed.writeData()
	if err := deployed.deploy(old); err != nil {
		t.Fatal(err)
	}
	for _, c := range []cutCase{
		{name: "kept"},
		{name: "fallen", conduct: "falls", twice: true},
		{name: "kept after a boot", booted: true},
		{name: "fallen after a boot", conduct: "falls", booted: true},
		{name: "the first release", first: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 1
			for c.cutAndSettle(t, deployed.root, next, n, 0) {
				// The settling is cut off in turn: at every fourth place, which are others each time.
				for m := 1 + n%4; c.twice && c.cutAndSettle(t, deployed.root, next, n, m); m += 4 {
				}
				n++
			}
			if n < 8 {
				t.Errorf("a deploy has %d places to be cut off", n)
			}
		})
	}
}

// backsUpData makes a release copy what writeData has written.
func backsUpData() map[string]string {
	return map[string]string{"daruma.yaml": "name: shop\nbackup: {paths: [../../data]}\nprograms: {api: {command: [bin/server]}}\n"}
}

func (p *place) writeData() {
	p.t.Helper()
	dir := filepath.Join(p.root, "data")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "orders"), []byte("orders"), 0o644)); err != nil {
		p.t.Fatal(err)
	}
}

// cutCase is what a deploy would have led to, and what comes after the cut.
type cutCase struct {
	name    string
	conduct string // of the new release
	booted  bool   // the machine started anew, and the service with what was on the disk
	first   bool   // there was no release before, and the service doesn't run
	twice   bool
}

// cutAndSettle cuts the deploy of the package next off at its nth place, and the settling of that at its mth (0: it isn't). It tells whether
// there was such a place.
func (c cutCase) cutAndSettle(t *testing.T, deployed, next string, n, m int) bool {
	t.Helper()
	p := newPlace(t)
	p.svc.conduct["1.1.0"], p.svc.down, p.svc.loaded = c.conduct, c.first, "1.0.0"
	if !c.first {
		if err := os.CopyFS(p.root, os.DirFS(deployed)); err != nil {
			t.Fatal(err)
		}
	}
	cut, where, _ := cutAt(n, func(reached func(string)) error { return p.deployAs(next, p.settings(), reached) })
	if !cut {
		return false
	}
	if state, err := store.Look(p.root); err != nil {
		t.Fatal(err)
	} else if r := state.Find("1.1.0"); r != nil && r.Status == store.Fallen && inForce(t, p.root) == "1.1.0" {
		t.Fatalf("cut %s: 1.1.0 is barred, and a boot would bring it back", where)
	}
	if c.booted {
		p.svc.loaded = inForce(t, p.root)
	}
	settle := func(reached func(string)) error {
		err := p.within(reached, func(d *Deployer) error { return d.Settle(t.Context()) })
		if isFallenError(err) {
			return nil
		}
		return err
	}
	again, then, err := cutAt(m, settle)
	if again {
		err = settle(nil)
	}
	if err != nil {
		t.Fatalf("cut %s, %s: %v", where, then, err)
	}
	p.wantSettled(where+", "+then, c.conduct, c.first)
	return again || m == 0
}

func isFallenError(err error) bool {
	fallen := (*FallenError)(nil)
	return errors.As(err, &fallen) && fallen.Problem == nil
}

func (p *place) wantSettled(where, conduct string, first bool) {
	p.t.Helper()
	state, err := store.Look(p.root)
	if err != nil {
		p.t.Fatalf("cut %s: %v", where, err)
	}
	switch {
	case state.Deploy != nil:
		p.t.Fatalf("cut %s: the deploy isn't settled: %+v", where, state.Deploy)
	case inForce(p.t, p.root) != state.Current:
		p.t.Fatalf("cut %s: %q is in force, and the record says %q", where, inForce(p.t, p.root), state.Current)
	case state.Current == "" && first:
		return
	case state.Current != "1.0.0" && state.Current != "1.1.0", !first && conduct != "" && state.Current != "1.0.0":
		p.t.Fatalf("cut %s: %q is current", where, state.Current)
	}
	p.whole(state.Current)
	if !p.svc.down && p.svc.loaded != state.Current {
		p.t.Fatalf("cut %s: %s runs, and %s is current", where, p.svc.loaded, state.Current)
	}
	entries, err := os.ReadDir(filepath.Join(p.root, "releases"))
	if err != nil {
		p.t.Fatal(err)
	}
	if copies, err := os.ReadDir(filepath.Join(p.root, "backups")); err == nil {
		entries = append(entries, copies...)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			p.t.Errorf("cut %s: %s is left", where, e.Name())
		}
	}
}
