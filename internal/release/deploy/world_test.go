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
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/release/pack"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// service is a stand-in for a running service: it takes the definition when it is told to, and a release does what its name says.
type service struct {
	t       *testing.T
	root    string
	down    bool
	starts  bool                                                                          // its keeper lives, and its supervisor isn't up
	loaded  string                                                                        // version
	conduct map[string]string                                                             // of versions: "" comes up, "falls", "refused", "hangs", "fails"
	events  func(conduct string, from control.From, each func(control.Event) error) error // instead of its own; nil: its own
}

func (s *service) Status(context.Context) (control.Status, error) {
	if s.starts {
		return control.Status{}, &control.StartingError{Service: "shop"}
	}
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

func (s *service) Events(ctx context.Context, from control.From, each func(control.Event) error) error {
	conduct := s.conduct[inForce(s.t, s.root)]
	if s.events != nil {
		return s.events(conduct, from, each)
	}
	if !from.Follow {
		return nil
	}
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

// settings bound the time that is waited for what never comes; what comes has as long as a busy machine takes.
func (p *place) settings() Settings {
	s := Settings{MinReady: time.Second, ProgressDeadline: 10 * time.Second, HistoryLimit: 10, HookTimeout: 10 * time.Second, Who: "jo"}
	for _, conduct := range p.svc.conduct {
		if conduct == "hangs" {
			s.ProgressDeadline = 20 * time.Millisecond
		}
	}
	return s
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
	c, err := OpenCandidate(file, func(string) (string, error) { return p.root, nil }, Trust{Unsigned: true})
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
