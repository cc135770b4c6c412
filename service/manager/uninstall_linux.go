package manager

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

func uninstallService(ctx context.Context, m Manager, name string) (Changes, error) {
	s, err := connect(ctx, m, "uninstalling", name)
	if err != nil {
		return Changes{}, err
	}
	defer s.conn.Close()
	files, err := s.removable(ctx)
	if err != nil {
		return Changes{}, err
	}
	if err := s.needRights(); err != nil {
		return Changes{}, err
	}
	if own := ownUnit(); own == s.unit() {
		return s.removeFromWithin(ctx, files)
	}
	return s.remove(ctx, files)
}

// removable are the unit files that are ours to remove.
func (s *systemd) removable(ctx context.Context) ([]*planned, error) {
	_, path, err := s.unitFileState(ctx, s.unit())
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, &Error{Op: s.op, Name: s.name, Kind: ErrNotInstalled}
	}
	if err := s.mayWrite(ctx, s.unit()); err != nil {
		return nil, err
	}
	if filepath.Dir(path) != unitDir {
		return nil, &Error{Op: s.op, Name: s.name, Kind: ErrForeign, Detail: path + " belongs to a package", Remedy: "remove the package"}
	}
	files := []*planned{{unit: s.unit(), path: path}}
	timer := filepath.Join(unitDir, s.timer())
	if text, err := os.ReadFile(timer); err == nil && strings.HasPrefix(string(text), unitfile.Mark) {
		files = append([]*planned{{unit: s.timer(), path: timer}}, files...) // first, lest it start what is being removed
	}
	return files, nil
}

// removeFromWithin is remove for a process of the service itself, such as a child that a web page has started. The stop ends this process
// with all others of the unit, so it comes last, and nobody waits for it.
func (s *systemd) removeFromWithin(ctx context.Context, files []*planned) (Changes, error) {
	changes := Changes{Removed: true}
	for _, f := range files {
		if err := s.forget(ctx, f, &changes); err != nil {
			return Changes{}, err
		}
	}
	if err := syncLinks(); err != nil {
		return Changes{}, err
	}
	if err := s.conn.ReloadContext(ctx); err != nil {
		return Changes{}, s.fail("having systemd forget the unit", err)
	}
	changes.remark("%s is being stopped, and this process with it", s.name)
	for _, f := range files {
		if _, err := s.conn.StopUnitContext(ctx, f.unit, "replace", nil); err != nil {
			return Changes{}, s.fail("stopping "+f.unit, err)
		}
	}
	return changes, nil
}

// forget disables a unit and removes its file.
func (s *systemd) forget(ctx context.Context, f *planned, changes *Changes) error {
	if _, err := s.conn.DisableUnitFilesContext(ctx, []string{f.unit}, false); err != nil {
		return s.fail("disabling "+f.unit, err)
	}
	if err := unitfile.Write(f.path, ""); err != nil {
		return s.fail("removing the unit file", err)
	}
	changes.Changed = append(changes.Changed, Change{Setting: f.path, From: "unit file"})
	return nil
}

func (s *systemd) remove(ctx context.Context, files []*planned) (Changes, error) {
	changes := Changes{Removed: true}
	for _, f := range files {
		ended := make(chan string, 1)
		if _, err := s.conn.StopUnitContext(ctx, f.unit, "replace", ended); err != nil {
			return Changes{}, s.fail("stopping "+f.unit, err)
		}
		// However the job ends, systemd has seen to it that nothing of the service runs.
		if _, err := await(ctx, s.Manager, s.name+" is stopping", ended); err != nil {
			return Changes{}, s.fail("stopping "+f.unit, err)
		}
		if err := s.forget(ctx, f, &changes); err != nil {
			return Changes{}, err
		}
	}
	if err := s.conn.ReloadContext(ctx); err != nil {
		return Changes{}, s.fail("having systemd forget the unit", err)
	}
	// A failed unit stays in systemd's memory without its file, until it is reset. For one that didn't fail, the reset is an error.
	_ = s.conn.ResetFailedUnitContext(ctx, s.unit())
	if dir := filepath.Join(unitDir, s.unit()+".d"); exists(dir) {
		changes.remark("%s is left: it isn't daruma's", dir)
	}
	return changes, syncLinks()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
