package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/doctor"
	"github.com/daruma-sh/daruma/internal/safefile"
	"github.com/daruma-sh/daruma/service/manager"
)

// installAnswer is what install did, or would do.
type installAnswer struct {
	Name       string `json:"name"`
	Definition string `json:"definition"` // the file that the service reads
	DryRun     bool   `json:"dryRun"`
	Started    bool   `json:"started"` // by --now
	manager.Changes

	StartTimeoutSeconds float64 `json:"startTimeoutSeconds"`
	StopTimeoutSeconds  float64 `json:"stopTimeoutSeconds"`
}

func (i *installation) run(ctx context.Context) error {
	services, end := managerOf(i.std, "installing "+i.def.Name)
	defer end()
	services.Overwrite = i.flags.overwrite
	if !i.flags.dryRun { // first: what only administrators may look at would fail with less to say
		if err := services.MayInstall(ctx, i.def.Name); err != nil {
			return serviceFailure(err)
		}
	}
	answer, err := i.plan(ctx, services)
	if err != nil {
		return serviceFailure(err)
	}
	if !i.flags.dryRun && (!answer.None() || i.spec.Password != "") {
		if err := i.carryOut(ctx, services, &answer); err != nil {
			return serviceFailure(err)
		}
	}
	if i.flags.now && !i.flags.dryRun {
		if err := i.start(ctx, services, &answer); err != nil {
			end()
			return errors.Join(i.report(answer), serviceFailure(err))
		}
	}
	end()
	return i.report(answer)
}

// plan says what will change. Nothing is asked of anybody yet.
func (i *installation) plan(ctx context.Context, services manager.Manager) (installAnswer, error) {
	a := installAnswer{
		Name: i.def.Name, Definition: i.def.File, DryRun: i.flags.dryRun,
		StartTimeoutSeconds: i.times.start.Seconds(), StopTimeoutSeconds: i.times.stop.Seconds(),
	}
	service, err := services.Plan(ctx, i.spec)
	if err != nil {
		return a, err
	}
	a.Changes = service
	if err := i.password(service); err != nil {
		return a, err
	}
	if i.write != nil {
		a.Changed = append(a.Changed, manager.Change{Setting: "definition " + i.def.File, From: mark(exists(i.def.File), "as it was"), To: "written"})
	}
	about, err := i.aside(ctx, true)
	a.Changed = append(a.Changed, about...)
	if i.write != nil {
		if status, err := services.Status(ctx, i.def.Name); err == nil && status.Up() {
			i.warnings = append(i.warnings, fmt.Sprintf("the definition is new: daruma reload %s makes the running service take it", i.def.Name))
		}
	}
	a.Remarks = append(a.Remarks, i.warnings...)
	return a, err
}

// carryOut does it: folders first, so that nothing is ever in one that others may write to; the service last, so that it isn't
// there before it could run.
func (i *installation) carryOut(ctx context.Context, services manager.Manager, a *installAnswer) error {
	if _, err := access.Protect(i.def.Name, doctor.PlacesOf(i.place), false); err != nil {
		return err
	}
	if home := os.Getenv("DARUMA_HOME"); home != "" { // once more: it may have been made just now, as the folder above it has it
		if err := exposedHome(home); err != nil {
			return err
		}
	}
	if i.write != nil {
		if err := writeDefinition(i.def.File, i.write); err != nil {
			return fmt.Errorf("writing the definition: %w", err)
		}
	}
	done, err := services.Install(ctx, i.spec)
	if err != nil {
		return err
	}
	a.Remarks = append(done.Remarks, i.warnings...)
	for _, c := range companions() {
		if _, err := c.add(ctx, i.def, i.spec.Executable, false); err != nil {
			return fmt.Errorf("the service is installed, its %s isn't: %w", c.what, err)
		}
	}
	return i.keepRecord(done.Created)
}

// aside is what changes beside the service.
func (i *installation) aside(ctx context.Context, dryRun bool) ([]manager.Change, error) {
	all, err := access.Protect(i.def.Name, doctor.PlacesOf(i.place), dryRun)
	if err != nil {
		return nil, err
	}
	for _, c := range companions() {
		changes, err := c.add(ctx, i.def, i.spec.Executable, dryRun)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
		all = append(all, changes...)
	}
	return all, nil
}

// start is --now.
func (i *installation) start(ctx context.Context, services manager.Manager, a *installAnswer) error {
	status, err := services.Status(ctx, i.def.Name)
	if err != nil {
		return err
	}
	if status.Up() && a.None() {
		return nil
	}
	if status.Up() {
		err = services.Restart(ctx, i.def.Name)
	} else {
		err = services.Start(ctx, i.def.Name)
	}
	a.Started = err == nil
	if a.Started {
		a.Remarks = slices.DeleteFunc(a.Remarks, func(r string) bool { return strings.HasSuffix(r, "until it is restarted") })
	}
	return err
}

// report tells what was done, and what to do next.
func (i *installation) report(a installAnswer) error {
	if *i.flags.output == formatJSON {
		if err := writeJSON(i.std.Out, a); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		return nil
	}
	var b strings.Builder
	would := mark(a.DryRun, "would be ")
	switch {
	case a.None():
		fmt.Fprintf(&b, "%s is installed as the definition says; nothing changed\n", a.Name)
	case a.Created:
		fmt.Fprintf(&b, "%s %sinstalled: start %s, account %s, definition %s\n", a.Name, would, i.def.StartType, i.def.Account, a.Definition)
	default:
		fmt.Fprintf(&b, "%s %schanged:\n", a.Name, would)
	}
	if a.Created && !a.DryRun {
		a.Changed = nil // a page of settings that nobody asked for
	}
	b.WriteString(a.Changes.String())
	switch {
	case a.Started:
		fmt.Fprintf(&b, "%s runs; see: daruma status %s\n", a.Name, a.Name)
	case a.Created && !a.DryRun && !i.flags.now && i.def.StartType != "disabled":
		fmt.Fprintf(&b, "start it now with: daruma start %s\n", a.Name)
	}
	if _, err := fmt.Fprint(i.std.Out, b.String()); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}

// writeDefinition replaces it as a whole. The service's account must be able to read it, and Linux knows nothing of that account
// before the service runs.
func writeDefinition(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return safefile.Replace(path, data, 0o644)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mark gives the word where it applies.
func mark(applies bool, word string) string {
	if applies {
		return word
	}
	return ""
}
