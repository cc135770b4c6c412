package folders

import (
	"os"
	"path/filepath"
)

func system(name string) (Folders, error) {
	if os.Geteuid() == 0 {
		return Folders{
			Config: filepath.Join("/etc/daruma", name),
			State:  filepath.Join("/var/lib/daruma", name),
			Logs:   filepath.Join("/var/log/daruma", name),
			Run:    filepath.Join("/run/daruma", name),
		}, nil
	}
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return Folders{}, err
		}
		base = filepath.Join(home, ".local", "state")
	}
	return under(filepath.Join(base, "daruma", name)), nil
}
