package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/service/manager"
)

// Removal is what Remove did.
type Removal struct {
	Name string `json:"name"`
	manager.Changes
	Purged []string `json:"purged"` // folders that were removed
	Left   []string `json:"left"`   // folders that are still there
	Kept   []string `json:"kept"`   // with Purge: what isn't daruma's, files and folders that programs or people made
}

// RemoveOptions are what Remove may be asked for.
type RemoveOptions struct {
	Purge bool // remove what daruma wrote in the service's folders: logs, incidents, the definition that install wrote
	Data  bool // with Purge: remove what programs and people put there, too
}

// Remove stops the service called name and removes it with all that install made. Errors: those of manager.Uninstall; with Purge, a
// service that is gone already is none where its folders are left.
func Remove(ctx context.Context, services manager.Manager, name string, o RemoveOptions) (Removal, error) {
	r := Removal{Name: name, Purged: []string{}, Left: []string{}, Kept: []string{}}
	place, err := folders.Installed(name)
	if err != nil {
		return r, err
	}
	r.Changes, err = services.Uninstall(ctx, name)
	left := errors.Is(err, manager.ErrNotInstalled) && o.Purge && anyExists(place) // by an uninstallation without --purge
	if err != nil && !left {
		return r, err
	}
	changes, err := RemoveCompanions(ctx, name, place)
	r.Changed = append(r.Changed, changes...)
	var failed *CompanionError
	if errors.As(err, &failed) {
		return r, fmt.Errorf("the service is gone, its %s isn't: %w", failed.Companion, failed.Err)
	}
	if err != nil {
		return r, err
	}
	_ = os.Remove(place.Config) // where nothing else is in it; else the error would say so
	if o.Purge {
		err = r.purge(place, o.Data)
	}
	for _, dir := range foldersOf(place) {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			r.Left = append(r.Left, dir)
		}
	}
	return r, err
}

func foldersOf(f folders.Folders) []string { return []string{f.Config, f.State, f.Logs, f.Run} }

func anyExists(f folders.Folders) bool { return slices.ContainsFunc(foldersOf(f), exists) }

// purge removes what daruma wrote in the service's folders, with data all that is in them, and the folders that are empty then.
func (r *Removal) purge(place folders.Folders, data bool) error {
	links, err := folders.Named(r.Name)
	if err != nil {
		return err
	}
	all := slices.DeleteFunc(foldersOf(place), func(dir string) bool { return !exists(dir) })
	if !data {
		p := newPurger(place, r.Name)
		err = p.clear(place)
		r.Kept = append(r.Kept, p.kept...)
	}
	for i, dir := range foldersOf(place) {
		if data && err == nil {
			err = os.RemoveAll(dir)
		}
		if err != nil {
			return fmt.Errorf("the service is gone, its folder isn't: %w", err)
		}
		if exists(dir) {
			continue
		}
		if link := foldersOf(links)[i]; link != dir { // systemd's, to what was just removed
			if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if !slices.Contains(all, dir) {
			continue
		}
		r.Purged = append(r.Purged, dir)
	}
	// Those of daruma itself go with the last service. One that isn't empty stays, which is what the error would say.
	for _, dir := range append(foldersOf(place), foldersOf(links)...) {
		_ = os.Remove(filepath.Dir(dir))
		_ = os.Remove(filepath.Dir(filepath.Dir(dir)))
	}
	return nil
}
