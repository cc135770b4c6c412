package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/release/store"
)

func TestDeployAndRollback(t *testing.T) {
	p := newPlace(t)
	p.svc.down = true
	if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
		t.Fatal(err)
	}
	p.want("1.0.0", store.Unproven)
	p.svc.down, p.svc.loaded = false, "1.0.0"
	for _, version := range []string{"1.1.0", "1.2.0"} {
		if err := p.deploy(packageOf(t, version, nil)); err != nil {
			t.Fatal(err)
		}
		p.want(version, store.Kept)
	}
	back := func(version string) error {
		return p.within(nil, func(d *Deployer) error { return d.Rollback(t.Context(), version) })
	}
	if err := back(""); err != nil {
		t.Fatal(err)
	}
	p.want("1.1.0", store.Kept)
	if err := back("1.0.0"); err != nil {
		t.Fatal(err)
	}
	p.want("1.0.0", store.Unproven)
	for _, version := range []string{"1.0.0", "7.0"} {
		if err := back(version); !isRefused(err) {
			t.Errorf("back to %s: %v", version, err)
		}
	}
	if err := back("1.2.0"); err != nil {
		t.Error(err)
	}
	p.want("1.2.0", store.Kept)
	if err := errors.Join(p.deploy(packageOf(t, "1.3.0", nil)), back("")); err != nil {
		t.Fatal(err)
	}
	p.want("1.2.0", store.Kept) // and none that was kept before it
	if err := os.RemoveAll(filepath.Join(p.root, "releases", "1.1.0", "bin", "server")); err != nil {
		t.Fatal(err)
	}
	if err := back("1.1.0"); !isRefused(err) {
		t.Error(err)
	}
	p.want("1.2.0", store.Kept)
}

// TestBackAndNotUp: where the release before doesn't come up either, the service has it all the same, and the next release can be deployed.
func TestBackAndNotUp(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
		t.Fatal(err)
	}
	p.svc.conduct["1.0.0"], p.svc.conduct["1.1.0"] = "fails", "falls"
	if err := p.deploy(packageOf(t, "1.1.0", nil)); err == nil || !strings.Contains(err.Error(), "1.0.0 is in force again, but ISN'T UP: api is failed") {
		t.Fatal(err)
	}
	p.want("1.0.0", store.Kept)
	if err := p.within(nil, func(d *Deployer) error { return d.Settle(t.Context()) }); err != nil {
		t.Error(err)
	}
	if err := p.deploy(packageOf(t, "1.2.0", nil)); err != nil {
		t.Fatal(err)
	}
	p.want("1.2.0", store.Kept)
	if err := p.within(nil, func(d *Deployer) error { return d.Rollback(t.Context(), "") }); err == nil {
		t.Error("nobody is told that 1.0.0 isn't up")
	}
	p.want("1.0.0", store.Kept)
}

// TestFailedAgain: a release that was kept, and whose files are gone since it couldn't be deployed again, is none to go back to.
func TestFailedAgain(t *testing.T) {
	p := newPlace(t)
	first := packageOf(t, "1.0.0", nil)
	if err := errors.Join(p.deploy(first), p.deploy(packageOf(t, "1.1.0", nil)), p.deploy(packageOf(t, "1.2.0", nil))); err != nil {
		t.Fatal(err)
	}
	older := p.settings()
	older.Downgrade = true
	cut, _, _ := cutAt(4, func(reached func(string)) error { return p.deployAs(first, older, reached) })
	err := p.within(nil, func(d *Deployer) error {
		if err := d.Settle(t.Context()); err != nil {
			return err
		}
		if r := d.Store.State.Find("1.0.0"); r.Status != store.Interrupted || d.Store.Has("1.0.0") {
			t.Errorf("%+v", r)
		}
		return d.Rollback(t.Context(), "")
	})
	if !cut || err != nil {
		t.Fatal(cut, err)
	}
	p.want("1.1.0", store.Kept)
}

func isRefused(err error) bool {
	refused := (*RefusedError)(nil)
	return errors.As(err, &refused)
}

// TestFallenReleasesGoBack: whatever keeps a release from being kept, the one before is in force again, and the other is barred.
func TestFallenReleasesGoBack(t *testing.T) {
	for conduct, why := range map[string]string{"falls": "api fell: exit code 7", "refused": "its definition is refused", "hangs": "wasn't ready for 1s within 20ms: api is starting"} {
		t.Run(conduct, func(t *testing.T) {
			p := newPlace(t)
			if err := p.deploy(packageOf(t, "1.0.0", nil)); err != nil {
				t.Fatal(err)
			}
			p.svc.conduct["1.1.0"] = conduct
			bad := packageOf(t, "1.1.0", nil)
			err := p.deploy(bad)
			fallen := (*FallenError)(nil)
			if !errors.As(err, &fallen) || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "1.0.0 is back") {
				t.Fatal(err)
			}
			if conduct == "falls" && strings.Join(fallen.LastOutput, "") != "oh no" {
				t.Errorf("last output %q", fallen.LastOutput)
			}
			p.want("1.0.0", store.Kept)
			if err := p.deploy(bad); !isRefused(err) || !strings.Contains(err.Error(), "--again") {
				t.Error(err)
			}
			if err := p.within(nil, func(d *Deployer) error { return d.Rollback(t.Context(), "1.1.0") }); !isRefused(err) {
				t.Error(err)
			}
			p.svc.conduct["1.1.0"] = ""
			again := p.settings()
			again.Again = true
			if err := p.deployAs(bad, again, nil); err != nil {
				t.Fatal(err)
			}
			p.want("1.1.0", store.Kept)
		})
	}
}

func TestRefusals(t *testing.T) {
	p := newPlace(t)
	first := packageOf(t, "1.1.0", nil)
	if err := p.deploy(first); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, want string }{
		"the same":     {first, "is the current release already"},
		"older":        {packageOf(t, "1.0.0", nil), "is older than 1.1.0"},
		"definition":   {packageOf(t, "1.2.0", map[string]string{"daruma.yaml": "name: shop\nprograms: {api: {command: [bin/server]}}\n...\n"}), "daruma.yaml:"},
		"other system": {forOther(t), "it is for "},
	} {
		if err := p.deploy(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		p.want("1.1.0", store.Kept)
	}
	down := p.settings()
	down.Downgrade = true
	if err := p.deployAs(packageOf(t, "1.0.0", nil), down, nil); err != nil {
		t.Error(err)
	}
	if err := p.deploy(packageOf(t, "1.1.0", map[string]string{"lib/more": "x"})); !isRefused(err) || !strings.Contains(err.Error(), "with other files") {
		t.Error(err)
	}
	p.svc.root = t.TempDir() // it runs from another definition
	if err := p.deploy(packageOf(t, "2.0.0", nil)); !isRefused(err) || !strings.Contains(err.Error(), "isn't deployed") {
		t.Error(err)
	}
}

// TestDefinitionOfAPerson: a definition that no deploy wrote is neither written over nor removed.
func TestDefinitionOfAPerson(t *testing.T) {
	p := newPlace(t)
	p.svc.down = true
	const mine = "name: shop\nprograms: {api: {command: [mine]}}\n"
	if err := os.WriteFile(store.Definition(p.root), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.deploy(packageOf(t, "1.0.0", nil)); !isRefused(err) || !strings.Contains(err.Error(), "no deploy has written it") {
		t.Error(err)
	}
	if text, err := os.ReadFile(store.Definition(p.root)); string(text) != mine {
		t.Errorf("%q %v", text, err)
	}
}

// TestVersionsThatDifferInCase: on Windows the folder of one would be removed for the other, the current one's among them.
func TestVersionsThatDifferInCase(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0-rc1", nil)); err != nil {
		t.Fatal(err)
	}
	down := p.settings()
	down.Downgrade = true
	if err := p.deployAs(packageOf(t, "1.0.0-RC1", nil), down, nil); !isRefused(err) || !strings.Contains(err.Error(), "in its case alone") {
		t.Error(err)
	}
	p.want("1.0.0-rc1", store.Kept)
}

func forOther(t *testing.T) string {
	t.Helper()
	file := packageOf(t, "3.0.0", nil)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Repeat("x", len(runtime.GOARCH))
	text = bytes.Replace(text, []byte(`"arch": "`+runtime.GOARCH+`"`), []byte(`"arch": "`+other+`"`), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTwoDeploysAtOnce(t *testing.T) {
	p := newPlace(t)
	err := p.within(nil, func(*Deployer) error {
		_, err := store.Open(p.root)
		return err
	})
	if busy := (*store.BusyError)(nil); !errors.As(err, &busy) {
		t.Error(err)
	}
}

func TestSignatures(t *testing.T) {
	p := newPlace(t)
	root := func(string) (string, error) { return p.root, nil }
	file := packageOf(t, "1.0.0", nil)
	private, public, err := signature.NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.ReadKey(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, want string, unsigned bool) {
		t.Helper()
		c, err := OpenCandidate(file, root, Trust{Unsigned: unsigned})
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("unsigned", "isn't signed", false)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := key.Sign(bytes.NewReader(text), "file:shop")
	if err == nil {
		err = os.WriteFile(file+signature.Extension, signed, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	refused("no key", "no key is trusted for shop", false)
	if err := os.WriteFile(store.KeysFile(p.root), public, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := OpenCandidate(file, root, Trust{})
	if err != nil || c.SignedBy == "" {
		t.Fatal(err)
	}
	c.Close()
	at := bytes.Index(text, []byte(`"version": "1`)) + len(`"version": "`)
	text[at] = '2'
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("changed", "damaged or changed", false)
	refused("changed, and unsigned is enough", "damaged or changed", true)
	_, other, err := signature.NewKey("")
	if err == nil {
		err = os.WriteFile(store.KeysFile(p.root), other, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	refused("another key", "isn't trusted here", false)
}

// TestConf: the machine's own files stand above the package's, and go back with a release.
func TestConf(t *testing.T) {
	p := newPlace(t)
	if err := p.deploy(packageOf(t, "1.0.0", map[string]string{"conf/b": "b"})); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(p.root, "conf")
	if err := errors.Join(os.MkdirAll(filepath.Join(own, "sub"), 0o700), os.WriteFile(filepath.Join(own, "a"), []byte("mine"), 0o600),
		os.WriteFile(filepath.Join(own, "sub", "c"), []byte("mine too"), 0o640)); err != nil {
		t.Fatal(err)
	}
	file := packageOf(t, "1.1.0", map[string]string{"conf/b": "b"})
	c, err := OpenCandidate(file, func(string) (string, error) { return p.root, nil }, Trust{Unsigned: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	state, err := store.Look(p.root)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Prepare(t.Context(), c, state, p.svc, p.settings())
	if err != nil || len(plan.Conf) != 2 {
		t.Fatal(plan, err)
	}
	if said := plan.Conf[0].String() + plan.Conf[1].String(); !strings.Contains(said, "conf/a: this machine's own; the package's default CHANGED") || !strings.Contains(said, "conf/sub/c: this machine's own; the package has none") {
		t.Error(said)
	}
	if err := p.deploy(file); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"1.0.0/conf/a": "default of 1.0.0", "1.1.0/conf/a": "mine", "1.1.0/conf/sub/c": "mine too", "1.1.0/conf/b": "b"} {
		if text, err := os.ReadFile(filepath.Join(p.root, "releases", path)); string(text) != want {
			t.Errorf("%s: %q %v", path, text, err)
		}
	}
	if info, err := os.Stat(filepath.Join(p.root, "releases/1.1.0/conf/a")); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("a secret of the machine has the mode %v %v", info.Mode(), err)
	}
	if err := os.Symlink(os.DevNull, filepath.Join(own, "link")); err == nil {
		if err := p.deploy(packageOf(t, "1.2.0", nil)); !isRefused(err) || !strings.Contains(err.Error(), "is a link") {
			t.Error(err)
		}
	}
}

// TestRetentionByAge: what was deployed too long ago goes, but for the release to go back to.
func TestRetentionByAge(t *testing.T) {
	p := newPlace(t)
	for _, version := range []string{"1.0", "1.1", "1.2"} {
		if err := p.deploy(packageOf(t, version, nil)); err != nil {
			t.Fatal(err)
		}
	}
	err := p.within(nil, func(d *Deployer) error {
		for i := range d.Store.State.Releases {
			d.Store.State.Releases[i].Deployed = d.Store.State.Releases[i].Deployed.Add(-100 * time.Hour)
		}
		return d.Store.Save()
	})
	young := p.settings()
	young.MaxAge = 99 * time.Hour
	if err := errors.Join(err, p.deployAs(packageOf(t, "1.3", nil), young, nil)); err != nil {
		t.Fatal(err)
	}
	p.want("1.3", store.Kept)
	if got := p.folders(); got != "1.2 1.3" {
		t.Error(got)
	}
}

func TestRetention(t *testing.T) {
	p := newPlace(t)
	few := p.settings()
	few.HistoryLimit = 3
	for n := range 6 {
		version := fmt.Sprintf("1.%d", n)
		if n == 4 {
			p.svc.conduct[version] = "falls"
		}
		if err := p.deployAs(packageOf(t, version, nil), few, nil); err != nil && n != 4 {
			t.Fatal(err)
		}
	}
	p.want("1.5", store.Kept)
	if got := p.folders(); got != "1.3 1.4 1.5" {
		t.Error(got)
	}
}

// folders are those of the releases that are here.
func (p *place) folders() string {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.root, "releases"))
	if err != nil {
		p.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}
