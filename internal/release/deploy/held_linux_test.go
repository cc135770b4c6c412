package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// hold makes a folder that can't be removed until the test is over, as one with an open file is on Windows.
func hold(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("daruma-test", dir, "tmpfs", 0, "size=4096"); err != nil {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("mounting over a folder: %v", err)
		}
		t.Skipf("nothing can be mounted over a folder: %v (needs root)", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// TestHeldLeftovers: what can't be removed of earlier deploys stops neither the next one nor a rollback.
func TestHeldLeftovers(t *testing.T) {
	p := newPlace(t)
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if err := p.deploy(packageOf(t, version, nil)); err != nil {
			t.Fatal(err)
		}
	}
	hold(t, filepath.Join(p.root, "releases", ".old-0.9.0", "bin"))
	if err := p.settle(); err != nil || !strings.Contains(p.said.String(), "0.9.0") {
		t.Error(err, p.said.String())
	}
	// Those of the deploy that was cut off.
	p.cutWhere("after unpacking", nil, func(reached func(string)) error { return p.deployAs(packageOf(t, "1.2.0", nil), p.settings(), reached) })
	hold(t, filepath.Join(p.root, "backups", ".new-1.2.0", "1"))
	if err := p.settle(); err != nil || !strings.Contains(p.said.String(), ".new-1.2.0") {
		t.Error(err, p.said.String())
	}
	p.want("1.1.0", store.Kept)
}

// TestHeldRelease: an old release that can't be removed stays in the record, and the others go.
func TestHeldRelease(t *testing.T) {
	p := newPlace(t)
	few := p.settings()
	few.HistoryLimit = 2
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"} {
		if err := p.deploy(packageOf(t, version, nil)); err != nil {
			t.Fatal(err)
		}
	}
	hold(t, filepath.Join(p.root, "backups", "1.0.0", "1"))
	if err := p.deployAs(packageOf(t, "1.4.0", nil), few, nil); err != nil || !strings.Contains(p.said.String(), "an old release couldn't be removed") {
		t.Error(err, p.said.String())
	}
	p.want("1.4.0", store.Kept)
	state, err := store.Look(p.root)
	if err != nil || state.Find("1.0.0") == nil || p.folders() != "1.0.0 1.3.0 1.4.0" {
		t.Error(state, err, p.folders())
	}
}
