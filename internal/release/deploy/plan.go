package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// RefusedError says why a deploy isn't begun. Nothing was changed.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

func refuse(format string, parts ...any) error { return &RefusedError{fmt.Errorf(format, parts...)} }

// Plan is what a deploy will do.
type Plan struct {
	Service    string
	Version    string
	From       string // the current release; "": none
	Running    bool   // the service runs
	Conf       []store.ConfFile
	Programs   []string // of the new definition
	Definition *definition.Service
	Hook       bool // hooks/before is run
	Sum        string
}

// Prepare says what a deploy of c will do, and refuses what must not be deployed; an error is a *[RefusedError], or that the state can't be
// read. It changes nothing.
func Prepare(ctx context.Context, c *Candidate, state *store.State, supervisor Supervisor, settings Settings) (*Plan, error) {
	m := c.Package.Manifest
	sum, err := c.manifestSum()
	if err != nil {
		return nil, err
	}
	p := &Plan{Service: m.Name, Version: m.Version, From: state.Current, Sum: sum}
	if err := p.judge(state, settings); err != nil {
		return nil, err
	}
	if p.Running, err = runsFrom(ctx, supervisor, c.Root, m.Name); err != nil {
		return nil, err
	}
	if err := othersDefinition(state, c.Root); err != nil {
		return nil, err
	}
	def, err := readPackaged(c.Package, c.Root)
	if err != nil {
		return nil, err
	}
	p.Definition = def
	for i := range def.Programs {
		p.Programs = append(p.Programs, def.Programs[i].Name)
	}
	p.Hook = m.Find(beforeHook()) != nil
	var before *archive.Manifest
	if text, err := os.ReadFile(filepath.Join(c.Root, "releases", state.Current, archive.ManifestName)); err == nil && state.Current != "" {
		before, _ = archive.DecodeManifest(text) // else the changes of defaults aren't shown
	}
	p.Conf, err = store.Conf(c.Root, m, before)
	if err != nil {
		return nil, &RefusedError{err}
	}
	return p, nil
}

// judge compares the version with those that are known.
func (p *Plan) judge(state *store.State, settings Settings) error {
	if p.Version == state.Current {
		return refuse("%s %s is the current release already", p.Service, p.Version)
	}
	for i := range state.Releases {
		if other := state.Releases[i].Version; other != p.Version && strings.EqualFold(other, p.Version) {
			return refuse("%s %s differs from %s, which is here, in its case alone, and both are one folder on Windows: give it another version",
				p.Service, p.Version, other)
		}
	}
	if known := state.Find(p.Version); known != nil {
		if known.Manifest != p.Sum {
			return refuse("%s %s is known here with other files: a version is packed once; give the new one a version of its own", p.Service, p.Version)
		}
		if known.Status == store.Fallen && !settings.Again {
			return refuse("%s %s has fallen here on %s and isn't deployed again: %s. --again tries it all the same",
				p.Service, p.Version, known.Deployed.Format("2006-01-02 15:04"), known.Why)
		}
	}
	if state.Current != "" && archive.CompareVersions(p.Version, state.Current) < 0 && !settings.Downgrade {
		return refuse("%s %s is older than %s, the current release: daruma rollback %s goes back to a release that is here; "+
			"--downgrade deploys the older one", p.Service, p.Version, state.Current, p.Service)
	}
	return nil
}

// othersDefinition: the first deploy would write over a definition that a person wrote, and remove it where the release falls.
func othersDefinition(state *store.State, root string) error {
	if state.Current != "" || state.Deploy != nil {
		return nil
	}
	file := store.Definition(root)
	if _, err := os.Lstat(file); err == nil {
		return refuse("%s is there, and no deploy has written it: move it away, since a package brings its own, and stop the service where it runs from it", file)
	}
	return nil
}

// runsFrom tells whether the service runs, with the definition that deploys write. With another one a deploy would change nothing in it.
func runsFrom(ctx context.Context, supervisor Supervisor, root, service string) (bool, error) {
	status, err := supervisor.Status(ctx)
	if starting := (*control.StartingError)(nil); errors.As(err, &starting) { // its programs run, and it is an ErrNotRunning, too
		return false, refuse("%w. Try again in a few seconds; where it stays so, stop the service first", err)
	}
	if errors.Is(err, control.ErrNotRunning) {
		return false, nil
	}
	if err != nil {
		return false, &RefusedError{err}
	}
	if ours := store.Definition(root); status.DefinitionFile != ours {
		return false, refuse("%s runs from %s, which isn't deployed: stop it, deploy, and start it from %s", service, status.DefinitionFile, ours)
	}
	return true, nil
}

// readPackaged reads the definition of a package as it will be in force.
func readPackaged(p *archive.Package, root string) (*definition.Service, error) {
	m := p.Manifest
	src, err := p.ReadFile(archive.DefinitionName, definition.MaxSize)
	if err != nil {
		return nil, &RefusedError{err}
	}
	def, err := definition.Parse(store.DefinitionOf(src, m.Version), store.Definition(root), Variable)
	if err != nil {
		return nil, &RefusedError{err}
	}
	if def.Name != m.Name {
		return nil, refuse("the package is of %s, and its definition of %s", m.Name, def.Name)
	}
	return def, nil
}

// Variable looks variables up here. Those of the service's own environment aren't known: the supervisor judges by them, and refuses before
// it touches anything.
func Variable(name string) (string, bool) {
	if value, ok := os.LookupEnv(name); ok {
		return value, true
	}
	return "1", true
}
