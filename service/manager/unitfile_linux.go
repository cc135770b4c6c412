package manager

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// writeUnit replaces the file as a whole and for good: after a power cut it is the old one or the new one. No text removes it.
func writeUnit(path, text string) error {
	if text == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(filepath.Dir(path))
	}
	// A name that begins with a dot is none for systemd, should it look in between.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails once it is renamed
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncLinks brings what systemd linked to the disk: systemd itself doesn't, and a power cut right after an installation
// would leave a service that doesn't start at boot.
func syncLinks() error {
	for _, dir := range []string{"", "multi-user.target.wants", "timers.target.wants"} {
		if err := syncDir(filepath.Join(unitDir, dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
