package deploy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// TestBrokenEvents: a stream of events that breaks hides no fall. It is taken up again where it was; where that can't be, nothing is kept.
func TestBrokenEvents(t *testing.T) {
	broken := errors.New("connection reset")
	fall := control.Event{Seq: 7, Kind: control.EventBackoff, Program: "api", Reason: "exit code 7"}
	for name, c := range map[string]struct {
		follow, last func(each func(control.Event) error) error // what the stream gives, and what is asked for at the end
		want         string                                     // "": it is kept
	}{
		"broken, and a fall after that": {func(func(control.Event) error) error { return broken },
			func(each func(control.Event) error) error { return each(fall) }, "api fell: exit code 7"},
		"ended in order": {func(func(control.Event) error) error { return nil }, func(each func(control.Event) error) error { return each(fall) }, "api fell"},
		"broken for good": {func(func(control.Event) error) error { return control.ErrLagged },
			func(func(control.Event) error) error { return control.ErrLagged }, "whether a program fell isn't known"},
		"broken, and nothing missed": {func(func(control.Event) error) error { return broken }, func(func(control.Event) error) error { return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
				t.Fatal(err)
			}
			p.svc.events = func(_ string, from control.From, each func(control.Event) error) error {
				if from.Follow {
					return c.follow(each)
				}
				return c.last(each)
			}
			err := p.deploy(packageOf(t, "1.1.0", nil))
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				p.want("1.1.0", store.Kept)
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatal(err)
			}
			p.want("1.0.0", store.Kept)
		})
	}
}

// TestRemovedByHand: a release of which somebody has removed something isn't gone back to; the one before that is whole is.
func TestRemovedByHand(t *testing.T) {
	p := newPlace(t)
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		if err := p.deploy(packageOf(t, version, nil)); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(version string) {
		if err := os.Remove(filepath.Join(p.root, "releases", version, "bin", "server")); err != nil {
			t.Fatal(err)
		}
	}
	back := func() error { return p.within(nil, func(d *Deployer) error { return d.Rollback(t.Context(), "") }) }
	remove("1.1.0")
	if err := back(); err != nil || !strings.Contains(p.said.String(), "release 1.1.0 isn't whole any more: bin/server is gone") {
		t.Error(err, p.said.String())
	}
	p.want("1.0.0", store.Kept)
	// The current release itself: a deploy goes back past it.
	remove("1.0.0")
	p.svc.conduct["1.3.0"] = "falls"
	if err := p.within(nil, func(d *Deployer) error { return d.Rollback(t.Context(), "1.2.0") }); err != nil {
		t.Fatal(err)
	}
	if err := p.deploy(packageOf(t, "1.2.5", nil)); err != nil {
		t.Fatal(err)
	}
	remove("1.2.5")
	if err := p.deploy(packageOf(t, "1.3.0", nil)); err == nil || !strings.Contains(err.Error(), "1.2.0 is back") {
		t.Error(err)
	}
	p.want("1.2.0", store.Kept)
	if err := back(); !isRefused(err) || !strings.Contains(err.Error(), "no release to go back to is whole") {
		t.Error(err)
	}
	p.want("1.2.0", store.Kept)
	remove("1.2.0")
	p.svc.conduct["1.4.0"] = "falls"
	if err := p.deploy(packageOf(t, "1.4.0", nil)); err == nil || !strings.Contains(err.Error(), "it stays in force") {
		t.Error(err)
	}
	p.want("1.4.0", store.Fallen)
}

// TestFirstReleaseCutInItsSoak: there is nothing to go back to, and so it stays.
func TestFirstReleaseCutInItsSoak(t *testing.T) {
	for _, conduct := range []string{"", "falls"} {
		p := newPlace(t)
		p.svc.down = true
		if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
			t.Fatal(err)
		}
		cutOff := func() {
			t.Helper()
			err := p.within(nil, func(d *Deployer) error {
				d.Store.State.Deploy = &store.Deploy{Version: "1.0.0", Step: store.Soaking}
				return d.Store.Save()
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		settle := func() error { return p.within(nil, func(d *Deployer) error { return d.Settle(t.Context()) }) }
		cutOff()
		if err := settle(); err != nil {
			t.Error(err)
		}
		p.want("1.0.0", store.Unproven)
		cutOff()
		p.svc.down, p.svc.loaded, p.svc.conduct["1.0.0"] = false, "1.0.0", conduct // somebody has started it
		err, status := settle(), store.Kept
		if conduct == "falls" {
			status = store.Fallen
		}
		if (err == nil) != (conduct == "") || err != nil && !strings.Contains(err.Error(), "it stays in force") {
			t.Error(conduct, err)
		}
		p.want("1.0.0", status)
	}
}

// TestOrphanedFolders: the next deploy removes releases that the state doesn't know, and never what is in force.
func TestOrphanedFolders(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(p.root, "releases", "0.9.0")
	sweep := func() {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Join(orphan, "bin"), 0o755), p.within(nil, func(d *Deployer) error { return d.Settle(t.Context()) })); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if _, err := os.Stat(orphan); !errors.Is(err, os.ErrNotExist) {
		t.Error("it is left:", err)
	}
	if err := os.Remove(filepath.Join(p.root, "releases", "state.json")); err != nil {
		t.Fatal(err)
	}
	sweep()
	if _, err := os.Stat(orphan); err != nil {
		t.Error("without a state nobody knows what it is, and it is gone:", err)
	}
	p.whole("1.0.0")
}
