package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/release/pack"
	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// service is a stand-in for a running service: it takes the definition when it is told to, and a release does what its name says.
type service struct {
	t       *testing.T
	root    string
	down    bool
	loaded  string            // version
	conduct map[string]string // of versions: "" comes up, "falls", "refused", "hangs", "fails"
}

func (s *service) Status(context.Context) (control.Status, error) {
	if s.down {
		return control.Status{}, control.ErrNotRunning
	}
	return control.Status{DefinitionFile: store.Definition(s.root), Programs: []control.ProgramStatus{{Name: "api", Wanted: true, State: control.StateStarting}}}, nil
}

func (s *service) Command(ctx context.Context, c control.Command) (control.Answer, error) {
	if err := c.Validate(); err != nil {
		s.t.Error(err)
	}
	version := inForce(s.t, s.root)
	if c.Verb == control.VerbReload && s.conduct[version] == "refused" {
		return control.Answer{Errors: []string{"daruma.yaml:1:1: no"}}, nil
	}
	if c.Verb == control.VerbReload {
		s.loaded = version
	}
	if s.conduct[s.loaded] == "fails" && c.MinReadySeconds > 0 {
		return control.Answer{Results: []control.ProgramResult{{Program: "api", State: control.StateFailed}}}, nil
	}
	if s.conduct[s.loaded] != "" && c.MinReadySeconds > 0 {
		<-ctx.Done() // somebody sees the event, or the time is over
		return control.Answer{}, ctx.Err()
	}
	return control.Answer{Results: []control.ProgramResult{{Program: "api", Done: true}}}, nil
}

func (s *service) Events(ctx context.Context, _ control.From, each func(control.Event) error) error {
	for ctx.Err() == nil {
		if s.conduct[inForce(s.t, s.root)] == "falls" {
			return each(control.Event{Kind: control.EventRestarting, Program: "api", Reason: "exit code 7; restarted at once"})
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	return ctx.Err()
}

func (s *service) Incidents(context.Context) ([]byte, error) {
	return []byte(`{"seq":1,"t":1,"at":"2026-11-22T03:00:00Z","type":"boot","boot":"other","monoMs":3600000,"start":"serviceStarted"}
{"seq":4,"t":50001,"at":"2026-11-22T03:00:50Z","type":"begin","incident":{"id":"4","service":"shop","program":"api","generation":3,"kind":"exit","cause":"exit code 7","falls":1,"restarts":0,"detected":"2026-11-22T03:00:50Z","downMs":0,"outcome":"open","fromT":50001,"downSinceT":50001,"lastOutput":["oh no"]}}
`), nil
}

// inForce is the version that daruma.yaml names; "": there is none.
func inForce(t *testing.T, root string) string {
	text, err := os.ReadFile(store.Definition(root))
	if err != nil {
		return ""
	}
	m := regexp.MustCompile(`(?m)^folder: "releases/(.+)" #`).FindSubmatch(text)
	if m == nil {
		t.Errorf("the definition names no release:\n%s", text)
		return ""
	}
	return string(m[1])
}

// place is a machine with a service.
type place struct {
	t    *testing.T
	root string
	svc  *service
	said bytes.Buffer
}

func newPlace(t *testing.T) *place {
	root := t.TempDir()
	return &place{t: t, root: root, svc: &service{t: t, root: root, conduct: map[string]string{}}}
}

// packageOf packs a release; files are added to what every one has.
func packageOf(t *testing.T, version string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"daruma.yaml": "name: shop\nprograms: {api: {command: [bin/server]}}\n", "bin/server": "#!" + version, "bin/server.exe": version, "conf/a": "default of " + version}
	for path, text := range files {
		all[path] = text
	}
	for path, text := range all {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := pack.Look(pack.Request{Dir: dir, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), found.Manifest.FileName())
	if err := found.Write(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func (p *place) settings() Settings {
	return Settings{MinReady: time.Second, ProgressDeadline: 20 * time.Millisecond, HistoryLimit: 10, HookTimeout: 10 * time.Second, Who: "jo"}
}

// within opens the store for f.
func (p *place) within(reached func(string), f func(d *Deployer) error) error {
	p.t.Helper()
	s, err := store.Open(p.root)
	if err != nil {
		p.t.Fatal(err)
	}
	defer s.Close()
	s.Reached = reached
	say := func(format string, arg ...any) { fmt.Fprintf(&p.said, format+"\n", arg...) }
	return f(&Deployer{Store: s, Root: p.root, Supervisor: p.svc, Settings: p.settings(), Output: io.Discard, Say: say})
}

func (p *place) deployAs(file string, settings Settings, reached func(string)) error {
	p.t.Helper()
	c, err := OpenCandidate(file, func(string) (string, error) { return p.root, nil }, true)
	if err != nil {
		return err
	}
	defer c.Close()
	return p.within(reached, func(d *Deployer) error {
		d.Settings = settings
		plan, err := Prepare(p.t.Context(), c, &d.Store.State, p.svc, settings)
		if err != nil {
			return err
		}
		return d.Run(p.t.Context(), c, plan)
	})
}

func (p *place) deploy(file string) error { return p.deployAs(file, p.settings(), nil) }

// want fails where another release is in force, where it isn't whole, or where the record says something else.
func (p *place) want(version string, status store.Status) {
	p.t.Helper()
	state, err := store.Look(p.root)
	if err != nil {
		p.t.Fatal(err)
	}
	r := state.Find(version)
	if state.Deploy != nil || state.Current != version || r == nil || r.Status != status {
		p.t.Fatalf("%s isn't the current release, or not %s: %+v", version, status, state)
	}
	p.whole(version)
	if !p.svc.down && p.svc.loaded != version {
		p.t.Fatalf("%s runs, and %s is current", p.svc.loaded, version)
	}
}

// whole holds the files of a release to its manifest.
func (p *place) whole(version string) {
	p.t.Helper()
	if got := inForce(p.t, p.root); got != version {
		p.t.Fatalf("%q is in force, want %q", got, version)
	}
	dir, err := os.OpenRoot(filepath.Join(p.root, "releases", version))
	if err != nil {
		p.t.Fatal(err)
	}
	defer dir.Close()
	text, err := dir.ReadFile(archive.ManifestName)
	if err != nil {
		p.t.Fatal(err)
	}
	m, err := archive.DecodeManifest(text)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range m.Files {
		if _, sum, err := archive.Hash(dir, f.Path); err != nil || sum != f.SHA256 && !strings.HasPrefix(f.Path, "conf/") {
			p.t.Fatalf("release %s isn't whole: %s %v", version, f.Path, err)
		}
	}
}

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
	if err := os.RemoveAll(filepath.Join(p.root, "releases", "1.1.0", "daruma.yaml")); err != nil {
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
		c, err := OpenCandidate(file, root, unsigned)
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
	c, err := OpenCandidate(file, root, false)
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
	c, err := OpenCandidate(file, func(string) (string, error) { return p.root, nil }, true)
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
	entries, err := os.ReadDir(filepath.Join(p.root, "releases"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "1.3 1.4 1.5 lock state.json" {
		t.Error(got)
	}
}
