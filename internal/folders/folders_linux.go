package folders

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

func system(name string) (Folders, error) {
	if os.Geteuid() == 0 || os.Getenv(InstalledVariable) != "" {
		return installed(name)
	}
	base, err := userBase()
	if err != nil {
		return Folders{}, err
	}
	return under(filepath.Join(base, "daruma", name)), nil
}

// userBase is where an ordinary user's programs keep their state.
func userBase() (string, error) {
	if base := os.Getenv("XDG_STATE_HOME"); base != "" {
		return base, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("neither DARUMA_HOME nor HOME is set: set DARUMA_HOME to the folder that is to hold the files of all services")
	}
	return filepath.Join(home, ".local", "state"), nil
}

// real follows the link that systemd makes for a dynamic user, whose /var/lib/daruma/shop is in /var/lib/private. Where there is
// nothing yet, it gives path back.
func real(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

func installed(name string) (Folders, error) {
	f := systemNames(name)
	return Folders{Config: f.Config, State: real(f.State), Logs: real(f.Logs), Run: real(f.Run)}, nil
}

func systemConfig(name string) string { return systemNames(name).Config }

func systemNames(name string) Folders {
	return Folders{
		Config: filepath.Join("/etc/daruma", name),
		State:  filepath.Join("/var/lib/daruma", name),
		Logs:   filepath.Join("/var/log/daruma", name),
		Run:    filepath.Join("/run/daruma", name),
	}
}

// sharedServices lists root's services that let this user in.
func sharedServices() []string {
	if os.Geteuid() == 0 || os.Getenv("DARUMA_HOME") != "" || os.Getenv(InstalledVariable) != "" {
		return nil
	}
	return slices.DeleteFunc(namesIn(Folders{Run: systemNames("x").Run}), func(name string) bool { return !letsIn(name) })
}

// letIn says whether this user has no service of this name, with the folders own, and may go into the run folder of the system's.
func letIn(name string, own Folders) bool {
	if os.Getenv("DARUMA_HOME") != "" || own.Config == systemConfig(name) {
		return false
	}
	if _, err := os.Lstat(own.State); err == nil {
		return false
	}
	return letsIn(name)
}

// letsIn asks the kernel: the folder has an access list.
func letsIn(name string) bool { return unix.Access(systemNames(name).Run, unix.X_OK) == nil }
