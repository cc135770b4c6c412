package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/release/store"
	"github.com/daruma-sh/daruma/internal/safefile"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// Result is what an installation did, or would do.
type Result struct {
	Name       string `json:"name"`
	Definition string `json:"definition"` // the file that the service reads
	DryRun     bool   `json:"dryRun"`
	Started    bool   `json:"started"` // because the request said so
	manager.Changes

	// Reload is what the running service did when it loaded its changed definition, because the request said so and no restart was due.
	Reload *control.ReloadResult `json:"reload,omitempty"`

	// Difference has the lines of a definition that NAME -- COMMAND replaces, with "- " or "+ " before them; Kept is where the old one is
	// kept, because somebody had edited it.
	Difference []string `json:"difference,omitempty"`
	Kept       string   `json:"kept,omitempty"`

	StartTimeoutSeconds float64 `json:"startTimeoutSeconds"`
	StopTimeoutSeconds  float64 `json:"stopTimeoutSeconds"`
}

// Run installs the service, or changes in place what differs; with DryRun it changes nothing. The result is nil where the error has
// kept it from being installed; with a result, the error is that of its start.
func (i *Installation) Run(ctx context.Context, services manager.Manager) (*Result, error) {
	if !i.DryRun { // first: what only administrators may look at would fail with less to say
		if err := services.MayInstall(ctx, i.Definition.Name); err != nil {
			return nil, err
		}
	}
	r, err := i.plan(ctx, services)
	if err != nil {
		return nil, err
	}
	if !i.DryRun && (!r.None() || i.Spec.Password != "") {
		if err := i.carryOut(ctx, services, r); err != nil {
			return nil, err
		}
	}
	if i.start && !i.DryRun {
		return r, i.startService(ctx, services, r)
	}
	return r, nil
}

// plan gives what will change. It asks nobody to change anything; it may ask for a password.
func (i *Installation) plan(ctx context.Context, services manager.Manager) (*Result, error) {
	def := i.Definition
	r := &Result{
		Name: def.Name, Definition: def.File, DryRun: i.DryRun,
		StartTimeoutSeconds: i.Times.Start.Seconds(), StopTimeoutSeconds: i.Times.Stop.Seconds(),
	}
	var err error
	if r.Changes, err = services.Plan(ctx, i.Spec); err != nil {
		return nil, err
	}
	if err := i.GetPassword(r.Changes); err != nil {
		return nil, err
	}
	pinned, err := i.planKeys()
	if err != nil {
		return nil, err
	}
	r.Changed = append(r.Changed, pinned...)
	if i.Text != nil {
		change := manager.Change{Setting: "definition " + def.File, To: "written"}
		if exists(def.File) {
			change.From = "as it was"
		}
		r.Changed = append(r.Changed, change)
		if err := i.replaced(r); err != nil {
			return nil, err
		}
	}
	i.Warnings = append(i.Warnings, MissingDependencies(ctx, services, def)...)
	i.Warnings = append(i.Warnings, readers.Unknown(def.Control.Readers)...)
	beside, err := i.planBeside(ctx)
	if err != nil {
		return nil, err
	}
	r.Changed = append(r.Changed, beside...)
	switch status, err := services.Status(ctx, def.Name); {
	case err != nil || !status.Up():
	case i.Text == nil && !i.start:
		i.remarkUnloaded(ctx)
	case i.Text != nil:
		i.Warnings = append(i.Warnings, fmt.Sprintf("the definition is new: daruma reload %s makes the running service take it", def.Name))
	}
	r.Remarks = append(r.Remarks, i.Warnings...)
	return r, nil
}

// planKeys gives the change of whose releases are taken.
func (i *Installation) planKeys() ([]manager.Change, error) {
	have, err := store.Keys(i.Folders.Config)
	if len(i.keys) == 0 || err == nil && have.Equal(i.keys) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []manager.Change{{Setting: "keys of releases", From: strings.Join(have.IDs(), ", "), To: strings.Join(i.keys.IDs(), ", ")}}, nil
}

// planBeside gives what will change beside the service: the access to its folders, and its companions.
func (i *Installation) planBeside(ctx context.Context) ([]manager.Change, error) {
	all, err := access.Protect(i.Definition.Name, access.PlacesOf(i.Folders), true)
	if err != nil {
		return nil, err
	}
	changes, err := i.addCompanions(ctx, true)
	var failed *CompanionError
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("%s: %w", failed.Companion, failed.Err)
	}
	return append(all, changes...), err
}

// carryOut does it: folders first, so that nothing is ever in one that others may write to; the service last, so that it isn't
// there before it could run.
func (i *Installation) carryOut(ctx context.Context, services manager.Manager, r *Result) error {
	def := i.Definition
	if _, err := access.Protect(def.Name, access.PlacesOf(i.Folders), false); err != nil {
		return err
	}
	if home := os.Getenv("DARUMA_HOME"); home != "" { // once more: it may have been made just now, as the folder above it has it
		if err := exposedHome(home); err != nil {
			return err
		}
	}
	if len(i.keys) > 0 {
		if err := store.Pin(i.Folders.Config, i.keys); err != nil {
			return fmt.Errorf("writing the keys of releases: %w", err)
		}
	}
	if i.edited != nil {
		if err := safefile.Replace(r.Kept, i.edited, 0o600); err != nil {
			return fmt.Errorf("keeping the definition that was edited: %w", err)
		}
	}
	if i.Text != nil {
		if err := WriteDefinition(def.File, i.Text); err != nil {
			return fmt.Errorf("writing the definition: %w", err)
		}
	}
	done, err := services.Install(ctx, i.Spec)
	if err != nil {
		return err
	}
	r.Remarks = append(done.Remarks, i.Warnings...)
	err = i.AddCompanions(ctx)
	var failed *CompanionError
	if errors.As(err, &failed) {
		return fmt.Errorf("the service is installed, its %s isn't: %w", failed.Companion, failed.Err)
	}
	if err == nil {
		err = i.SaveRecord()
	}
	if err == nil && done.Created && !i.start {
		err = wanted.Save(i.Folders.Config, false, "installed, and not started yet")
	}
	return err
}

// startService starts it, or restarts it where something changed.
func (i *Installation) startService(ctx context.Context, services manager.Manager, r *Result) error {
	name := i.Definition.Name
	status, err := services.Status(ctx, name)
	if err != nil {
		return err
	}
	if status.Up() && r.None() {
		return i.loadChanged(ctx, r)
	}
	if status.Up() {
		err = operate.Restart(ctx, services, name, "daruma install --now")
	} else {
		err = services.Start(ctx, name)
	}
	if err != nil {
		err = operate.WithEnd(ctx, services, name, err)
	}
	r.Started = err == nil
	if r.Started {
		_, err = operate.AwaitUp(ctx, services, name)
	}
	if r.Started {
		r.Remarks = slices.DeleteFunc(r.Remarks, func(remark string) bool { return strings.HasSuffix(remark, "until it is restarted") })
	}
	return err
}

// WriteDefinition replaces a definition as a whole. The service's account must be able to read it, and Linux knows nothing of that
// account before the service runs.
func WriteDefinition(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return safefile.Replace(path, data, 0o644)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
