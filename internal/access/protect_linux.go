package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/service/manager"
)

func protect(name string, p Places, dryRun bool) ([]manager.Change, error) {
	var changes []manager.Change
	if !dryRun {
		if err := removeDanglingLink(name); err != nil {
			return nil, err
		}
	}
	// systemd makes the folders themselves, but those above must let the service's account through.
	for _, dir := range []string{p.State, p.Logs, p.Run} {
		above := filepath.Dir(dir)
		info, err := os.Stat(above)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Perm()&0o011 == 0o011 {
			continue
		} else if err == nil && !dryRun {
			err = os.Chmod(above, info.Mode().Perm()|0o055)
		}
		if err != nil {
			return changes, fmt.Errorf("letting the service's account into %s: %w", above, err)
		}
		changes = append(changes, manager.Change{Setting: "mode of " + above, From: info.Mode().Perm().String(), To: (info.Mode().Perm() | 0o055).String()})
	}
	if fileExists(p.Config) {
		return changes, nil
	}
	if !dryRun {
		if err := os.MkdirAll(p.Config, 0o755); err != nil {
			return changes, fmt.Errorf("creating the service's folder: %w", err)
		}
	}
	return append(changes, manager.Change{Setting: "folder " + p.Config, To: "created"}), nil
}

// removeDanglingLink removes the link /run/daruma/NAME where it leads nowhere. systemd leaves it when a service with a dynamic user stops,
// and with another account the service couldn't start again before the next boot: systemd finds a name that is taken, and no folder.
func removeDanglingLink(name string) error {
	f, err := folders.Named(name)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(f.Run); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	if _, err := os.Stat(f.Run); errors.Is(err, fs.ErrNotExist) {
		return os.Remove(f.Run)
	}
	return nil
}

func fileExists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
