package folders

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/wine"
)

// system gives the folders of all services to administrators and to installed services. Of other users each has their own: everybody may
// make folders in %ProgramData%, and everybody reads what is made there. A service that is there already is that one's for them, too:
// its folders let them in, or say who has them.
func system(name string) (Folders, error) {
	shared, err := installed(name)
	if err != nil || os.Getenv(InstalledVariable) != "" || privileged() {
		return shared, err
	}
	if _, err := os.Lstat(filepath.Dir(shared.State)); err == nil {
		return shared, nil
	}
	local := os.Getenv("LocalAppData")
	if local == "" {
		return Folders{}, errors.New("the environment variable LocalAppData is empty; set DARUMA_HOME")
	}
	return under(filepath.Join(local, "daruma", name)), nil
}

// privileged: Wine's processes have all rights, whatever their tokens say.
func privileged() bool {
	return windows.GetCurrentProcessToken().IsElevated() || wine.Running()
}

func installed(name string) (Folders, error) {
	data := os.Getenv("ProgramData")
	if data == "" {
		return Folders{}, errors.New("the environment variable ProgramData is empty; set DARUMA_HOME")
	}
	return under(filepath.Join(data, "daruma", name)), nil
}

// systemConfig: no folder is a link here.
func systemConfig(string) string { return "" }

func systemNames(string) Folders { return Folders{} }

// sharedServices lists the services of the system, for an ordinary user, whose own folders are elsewhere.
func sharedServices() []string {
	f, err := installed("x")
	if err != nil || os.Getenv("DARUMA_HOME") != "" {
		return nil
	}
	names, _ := servicesIn(f) // where they may not be listed, there are none for this user
	return names
}

// letIn: [system] has seen to it.
func letIn(string, Folders) bool { return false }

func letsIn(string) bool { return false }
