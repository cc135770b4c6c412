package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/ensure"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// uninstallAnswer is what uninstall did.
type uninstallAnswer struct {
	Name string `json:"name"`
	manager.Changes
	Purged []string `json:"purged"` // folders that were removed
	Left   []string `json:"left"`   // folders that are still there
}

func newUninstall(std IO) *cobra.Command {
	var purge, overwrite bool
	cmd := &cobra.Command{
		Use:   "uninstall NAME",
		Short: "Stop an installed service and remove it from the operating system",
		Long: `Stops the service, its programs with it, and removes what install made: the service itself, its event source and its tasks.
Logs, incidents and a definition that install wrote are left, unless --purge is given; a definition of your own and the programs
are never touched.

Windows only marks a service for deletion while another program has it open (services.msc, Task Manager, Event Viewer): daruma
waits 30 s for it to go, and says so.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 there is no such service.`,
		Example: `  daruma uninstall shop
  daruma uninstall shop --purge     its logs and incidents too`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVar(&purge, "purge", false, "remove its logs, incidents and the definition that install wrote")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "remove a service that daruma didn't install")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := parseTarget(args[0])
		if err != nil || t.program != "" || t.service == "" {
			return errors.Join(err, &exitError{code: ExitUsage, err: errors.New("uninstall takes the name of a service")})
		}
		answer, err := uninstall(cmd.Context(), std, t.service, purge, overwrite)
		if err != nil {
			return serviceFailure(err)
		}
		return reportUninstall(std, answer, *output)
	}
	return cmd
}

func uninstall(ctx context.Context, std IO, name string, purge, overwrite bool) (uninstallAnswer, error) {
	a := uninstallAnswer{Name: name, Purged: []string{}, Left: []string{}}
	place, err := folders.Installed(name)
	if err != nil {
		return a, err
	}
	services, end := managerOf(std, "uninstalling "+name)
	defer end()
	services.Overwrite = overwrite
	a.Changes, err = services.Uninstall(ctx, name)
	if errors.Is(err, manager.ErrNotInstalled) && purge && anyExists(place) {
		err = nil // what an uninstallation without --purge left
	}
	if err != nil {
		return a, err
	}
	for _, c := range slices.Backward(companions()) {
		changes, err := c.remove(ctx, name)
		if err != nil {
			return a, fmt.Errorf("the service is gone, its %s isn't: %w", c.what, err)
		}
		a.Changed = append(a.Changed, changes...)
	}
	if err := errors.Join(record.Remove(place.Config), ensure.Forget(place.Config)); err != nil {
		return a, err
	}
	_ = os.Remove(place.Config) // where nothing else is in it; else the error would say so
	return a, a.purge(place, purge)
}

func foldersOf(f folders.Folders) []string { return []string{f.Config, f.State, f.Logs, f.Run} }

func anyExists(f folders.Folders) bool { return slices.ContainsFunc(foldersOf(f), exists) }

// purge removes the service's folders, or says which are left.
func (a *uninstallAnswer) purge(place folders.Folders, purge bool) error {
	links, err := folders.Named(a.Name)
	if err != nil {
		return err
	}
	for i, dir := range foldersOf(place) {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if !purge {
			a.Left = append(a.Left, dir)
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("the service is gone, its folder isn't: %w", err)
		}
		if link := foldersOf(links)[i]; link != dir { // systemd's, to what was just removed
			if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		a.Purged = append(a.Purged, dir)
	}
	if purge {
		// Those of daruma itself go with the last service. One that isn't empty stays, which is what the error would say.
		for _, dir := range append(foldersOf(place), foldersOf(links)...) {
			_ = os.Remove(filepath.Dir(dir))
			_ = os.Remove(filepath.Dir(filepath.Dir(dir)))
		}
	}
	return nil
}

func reportUninstall(std IO, a uninstallAnswer, output format) error {
	var err error
	if output == formatJSON {
		err = writeJSON(std.Out, a)
	} else {
		_, err = fmt.Fprintf(std.Out, "%s is uninstalled\n%s", a.Name, a.Changes)
		for _, dir := range a.Purged {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "  removed %s\n", dir)
			}
		}
		for _, dir := range a.Left {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "  left: %s (daruma uninstall %s --purge removes it)\n", dir, a.Name)
			}
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}
