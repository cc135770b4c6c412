package deploy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// onSmallDisk is a place on a file system of size bytes.
func onSmallDisk(t *testing.T, size int) *place {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("daruma-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("mounting a small disk: %v", err)
		}
		t.Skipf("a small disk can't be mounted: %v (needs root)", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	p := newPlace(t)
	p.root, p.svc.root = dir, dir
	return p
}

// fill takes the disk's last byte, until it is called back.
func (p *place) fill() (callBack func()) {
	path := filepath.Join(p.root, "filler")
	f, err := os.Create(path)
	if err != nil { // no room for a name even
		return func() {}
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		p.t.Error(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			p.t.Error(err)
		}
	}
}

// TestFullDiskAnywhere: wherever the disk gets full in the middle of a deploy, a release is in force that is whole, at once; and when there
// is room again, the record says which.
func TestFullDiskAnywhere(t *testing.T) {
	old, next := packageOf(t, "1.0.0", nil), packageOf(t, "1.1.0", backsUpData())
	onSmallDisk(t, 4096) // where none can be mounted, this is the test that says so
	for _, conduct := range []string{"", "falls"} {
		full := true
		for n := 1; full; n++ {
			t.Run(fmt.Sprint(conduct, n), func(t *testing.T) {
				full = false // also where the test ends here
				p := onSmallDisk(t, 256<<10)
				p.writeData()
				if err := p.deploy(old); err != nil {
					t.Fatal(err)
				}
				p.svc.conduct["1.1.0"] = conduct
				seen, room := 0, func() {}
				err := p.deployAs(next, p.settings(), func(string) {
					if seen++; seen == n {
						room = p.fill()
					}
				})
				full = seen >= n
				if in := inForce(t, p.root); in != "1.0.0" && (conduct != "" || in != "1.1.0") {
					t.Fatalf("%q is in force: %v", in, err)
				}
				p.whole(inForce(t, p.root))
				room()
				if err := p.within(nil, func(d *Deployer) error { return d.Settle(t.Context()) }); err != nil && !isFallenError(err) {
					t.Fatal(err)
				}
				p.wantSettled(fmt.Sprint("full at place ", n), conduct, false)
			})
		}
	}
}

// TestRoomOfOldReleases: old releases are removed for a new one where there is no room, and never the current one or the one to go back to.
func TestRoomOfOldReleases(t *testing.T) {
	p := onSmallDisk(t, 1<<20)
	large := map[string]string{"lib/data": strings.Repeat("x", 200<<10)}
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"} {
		if err := p.deploy(packageOf(t, version, large)); err != nil {
			t.Fatalf("%s: %v, with %s", version, err, p.folders())
		}
		p.want(version, store.Kept)
	}
	here := p.folders()
	if !strings.HasSuffix(here, "1.3.0 1.4.0 1.5.0") || strings.Contains(here, "1.0.0") {
		t.Error(here)
	}
	huge := packageOf(t, "1.6.0", map[string]string{"lib/data": strings.Repeat("x", 900<<10)})
	if err := p.deploy(huge); err == nil || !strings.Contains(err.Error(), "make room") {
		t.Error(err)
	}
	p.want("1.5.0", store.Kept)
	if got := p.folders(); got != here { // removing them all wouldn't have been enough
		t.Errorf("%s are here, of %s", got, here)
	}
}
