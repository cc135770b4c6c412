package deploy

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/release/store"
)

// withBackup is a definition that backs data/ up and runs a command of the package.
func withBackup(script string) map[string]string {
	return map[string]string{
		"daruma.yaml": "name: shop\nbackup: {paths: [../../data], command: [sh, bin/dump], timeoutSeconds: 20}\nprograms: {api: {command: [bin/server]}}\n",
		"bin/dump":    script,
	}
}

// TestBackup: what the definition names is copied before the switch, and goes with its release. A backup that fails changes nothing.
func TestBackup(t *testing.T) {
	p := newPlace(t)
	data := filepath.Join(p.root, "data")
	if err := errors.Join(os.MkdirAll(filepath.Join(data, "sub"), 0o750), os.WriteFile(filepath.Join(data, "sub", "orders"), []byte("before"), 0o640),
		os.Symlink(os.DevNull, filepath.Join(data, "link"))); err != nil {
		t.Fatal(err)
	}
	const dump = "echo dump of $DARUMA_PREVIOUS_RELEASE >$DARUMA_BACKUP/dump\n"
	if err := p.deploy(packageOf(t, "1.0.0", withBackup(dump))); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(p.root, "backups")); !errors.Is(err, os.ErrNotExist) {
		t.Error("there was nothing to back up before the first release:", err)
	}
	few := p.settings()
	few.HistoryLimit = 2
	if err := p.deployAs(packageOf(t, "1.1.0", withBackup(dump)), few, nil); err != nil {
		t.Fatal(err)
	}
	copies := filepath.Join(p.root, "backups", "1.1.0")
	for path, want := range map[string]string{"1/data/sub/orders": "before", "command/dump": "dump of 1.0.0\n"} {
		if text, err := os.ReadFile(filepath.Join(copies, path)); string(text) != want {
			t.Errorf("%s: %q %v", path, text, err)
		}
	}
	if link, err := os.Readlink(filepath.Join(copies, "1/data/link")); link != os.DevNull {
		t.Error(link, err)
	}
	for path, want := range map[string]os.FileMode{"": 0o700, "1/data/sub": 0o750, "1/data/sub/orders": 0o640} {
		if info, err := os.Stat(filepath.Join(copies, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	state, err := store.Look(p.root)
	if err != nil || state.Find("1.1.0").Backup < 20 {
		t.Error(state, err)
	}
	p.wantNoBackup("the command fails", withBackup("echo no database; exit 3\n"), "the backup failed: its command failed: exit status 3; it said: no database")
	if err := os.Rename(data, data+".gone"); err != nil {
		t.Fatal(err)
	}
	p.wantNoBackup("a path is gone", withBackup(dump), "the backup failed: ")
	if err := os.Symlink(os.TempDir(), data); err != nil {
		t.Fatal(err)
	}
	p.wantNoBackup("a link", withBackup(dump), "is a link")
	if err := errors.Join(os.Remove(data), os.Rename(data+".gone", data)); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.3.0", "1.4.0"} {
		if err := p.deployAs(packageOf(t, version, withBackup(dump)), few, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(copies); !errors.Is(err, os.ErrNotExist) {
		t.Error("the backup outlives its release:", err)
	}
}

// wantNoBackup deploys 1.2.0, whose backup fails for the reason want, and which leaves nothing.
func (p *place) wantNoBackup(name string, files map[string]string, want string) {
	p.t.Helper()
	if err := p.deploy(packageOf(p.t, "1.2.0", files)); err == nil || !strings.Contains(err.Error(), want) {
		p.t.Errorf("%s: %v", name, err)
	}
	p.want("1.1.0", store.Kept)
	if _, err := os.Stat(filepath.Join(p.root, "backups", "1.2.0")); !errors.Is(err, os.ErrNotExist) || p.folders() != "1.0.0 1.1.0" {
		p.t.Errorf("%s: something is left: %v %s", name, err, p.folders())
	}
}

// TestBackupThatHangs is ended, and with it the deploy.
func TestBackupThatHangs(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	hangs := map[string]string{"daruma.yaml": "name: shop\nbackup: {command: [sleep, '1000'], timeoutSeconds: 0.3}\nprograms: {api: {command: [bin/server]}}\n"}
	if err := p.deploy(packageOf(t, "1.1.0", hangs)); err == nil || !strings.Contains(err.Error(), "it was ended after 300ms") {
		t.Error(err)
	}
	p.want("1.0.0", store.Kept)
	if took := time.Since(begin); took > 15*time.Second {
		t.Error("it took", took)
	}
}

// TestBackupOfAnEarlierTry: the copy that was made before a release fell is the data from before it, and stays until the release is kept,
// whatever becomes of the tries meanwhile.
func TestBackupOfAnEarlierTry(t *testing.T) {
	p := newPlace(t)
	p.writeData()
	data := filepath.Join(p.root, "data", "orders")
	wantCopies := func(when string, want map[string]string) {
		t.Helper()
		entries, err := os.ReadDir(filepath.Join(p.root, "backups"))
		if err != nil || len(entries) != len(want) {
			t.Errorf("%s: %v %v", when, entries, err)
		}
		for name, text := range want {
			if got, err := os.ReadFile(filepath.Join(p.root, "backups", name, "1", "data", "orders")); string(got) != text {
				t.Errorf("%s: %s: %q %v", when, name, got, err)
			}
		}
	}
	migrate := func(text string) {
		if err := os.WriteFile(data, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files := backsUpData()
	files["hooks/before"] = "#!/bin/sh\n! [ -e ../../fail ]\n"
	next := packageOf(t, "1.5.0", files)
	again := p.settings()
	again.Again = true
	p.svc.conduct["1.5.0"] = "falls"
	if err := p.deploy(packageOf(t, "1.4.0", nil)); err != nil {
		t.Fatal(err)
	}
	if err := p.deploy(next); !isFallenError(err) {
		t.Fatal(err)
	}
	migrate("migrated")
	first := map[string]string{"1.5.0": "orders"}
	wantCopies("after the fall", first)

	tight := again // no room, a hook that fails, a backup that fails
	tight.MinFree = 1 << 62
	if err := p.deployAs(next, tight, nil); err == nil {
		t.Error("there is room for everything")
	}
	wantCopies("without room", first)
	mark := filepath.Join(p.root, "fail")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.deployAs(next, again, nil); err == nil {
		t.Error("the hook succeeds")
	}
	wantCopies("after a hook that fails", first)
	if err := errors.Join(os.Remove(mark), os.Rename(data, data+".gone"), os.Rename(filepath.Dir(data), filepath.Dir(data)+".gone")); err != nil {
		t.Fatal(err)
	}
	if err := p.deployAs(next, again, nil); err == nil {
		t.Error("what isn't there is backed up")
	}
	wantCopies("after a backup that fails", first)
	if err := errors.Join(os.Rename(filepath.Dir(data)+".gone", filepath.Dir(data)), os.Rename(data+".gone", data)); err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ { // cut off before it switches
		cut, where, _ := cutAt(n, func(reached func(string)) error { return p.deployAs(next, again, reached) })
		if !cut {
			t.Fatal("it comes to no backup")
		}
		if err := p.settle(); err != nil {
			t.Fatal(err)
		}
		if where == "before naming the backup" {
			break
		}
		wantCopies("cut "+where, first)
	}
	wantCopies("cut in the naming", map[string]string{"1.5.0--1": "orders"})

	if err := p.deployAs(next, again, nil); !isFallenError(err) {
		t.Fatal(err)
	}
	wantCopies("after another fall", map[string]string{"1.5.0--1": "orders", "1.5.0": "migrated"})
	migrate("and back")
	p.svc.conduct["1.5.0"] = ""
	if err := p.deployAs(next, again, nil); err != nil {
		t.Fatal(err)
	}
	wantCopies("kept", map[string]string{"1.5.0": "and back"})
}

// TestBackupOfItself: a path that has the copies in it, or lies in them, is refused, by whatever name; it would grow while it is copied.
func TestBackupOfItself(t *testing.T) {
	p := newPlace(t)
	if err := errors.Join(p.deploy(packageOf(t, "1.0.0", nil)), os.MkdirAll(filepath.Join(p.root, "backups", "1.0.0", "1"), 0o700),
		os.Symlink(filepath.Dir(p.root), filepath.Join(p.root, "link"))); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../..", "../../backups", "../../backups/1.0.0/1", "../../link/" + filepath.Base(p.root)} {
		files := map[string]string{"daruma.yaml": "name: shop\nbackup: {paths: ['" + path + "']}\nprograms: {api: {command: [bin/server]}}\n"}
		// The disk has an end, and a test mustn't come to it: a copy that grows is ended by its time.
		files["daruma.yaml"] = strings.Replace(files["daruma.yaml"], "backup: {", "backup: {timeoutSeconds: 1, ", 1)
		if err := p.deploy(packageOf(t, "1.1.0", files)); err == nil || !strings.Contains(err.Error(), "the backups are in it, or it is in them") {
			t.Errorf("%s: %v", path, err)
		}
		p.want("1.0.0", store.Kept)
	}
}

// TestEndlessCopy: a copy that takes too long is ended, in the middle of a file too, and so is one that nobody waits for any more.
func TestEndlessCopy(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(p.root, "data")
	if err := errors.Join(os.Mkdir(data, 0o755), os.WriteFile(filepath.Join(data, "large"), nil, 0o644), os.Truncate(filepath.Join(data, "large"), 8<<30)); err != nil {
		t.Fatal(err)
	}
	files := backsUpData()
	files["daruma.yaml"] = strings.Replace(files["daruma.yaml"], "backup: {", "backup: {timeoutSeconds: 0.05, ", 1)
	if err := p.deploy(packageOf(t, "1.1.0", files)); err == nil || !strings.Contains(err.Error(), "it took longer than 50ms") {
		t.Error(err)
	}
	p.want("1.0.0", store.Kept)
	if entries, err := os.ReadDir(filepath.Join(p.root, "backups")); err != nil || len(entries) > 0 {
		t.Error(entries, err)
	}
	err := p.within(nil, func(d *Deployer) error {
		ctx, cancel := context.WithCancel(t.Context())
		d.Store.Reached = func(place string) {
			if place == "before the backup" {
				cancel()
			}
		}
		_, err := d.Store.Backup(ctx, "1.1.0", []string{data}, func(int64) error { return nil }, nil)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestBackupOfAnyName: names on Linux are bytes, and need be no text.
func TestBackupOfAnyName(t *testing.T) {
	p := newPlace(t)
	p.writeData()
	const name = "a\xffb"
	odd := filepath.Join(p.root, "data", name)
	if err := errors.Join(p.deploy(packageOf(t, "1.0.0", nil)), os.Mkdir(odd, 0o755), os.WriteFile(filepath.Join(odd, name), []byte("odd"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := p.deploy(packageOf(t, "1.1.0", backsUpData())); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(p.root, "backups", "1.1.0", "1", "data", name, name)); string(text) != "odd" {
		t.Errorf("%q %v", text, err)
	}
}
