// Package folders says where the files of a service live: one folder per service and purpose.
package folders

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folders are the places of one service. All are absolute.
type Folders struct {
	Config string // the definition of an installed service
	State  string // incidents and what must survive a boot
	Logs   string // the programs' output, daruma's own log
	Run    string // control socket, lock, spools: nothing that must survive a boot
}

// InstalledVariable is set in the environment of an installed service's processes: their folders are the system's, whatever account
// they run as.
const InstalledVariable = "DARUMA_INSTALLED"

// Of gives the folders of the service called name; it creates nothing.
//
// With DARUMA_HOME set, all of them are under $DARUMA_HOME/NAME. Without it root and installed services use the system's folders
// (Windows: %ProgramData%\daruma\NAME), and an ordinary user ~/.local/state/daruma/NAME ($XDG_STATE_HOME; Windows:
// %LocalAppData%\daruma\NAME, unless the system has a service of that name).
func Of(name string) (Folders, error) {
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return Folders{}, fmt.Errorf("DARUMA_HOME %q: %w", home, err)
		}
		return under(filepath.Join(abs, name)), nil
	}
	return system(name)
}

// Seen gives the folders of the service called name for somebody who wants to see it: those of [Of], or of the system's service of this name
// where it lets this user in (control.readers in its definition) and he has none of his own.
func Seen(name string) (Folders, error) {
	f, err := Of(name)
	if err == nil && letIn(name, f) {
		return Installed(name)
	}
	return f, err
}

// Installed gives the folders that the service called name has when it is installed, whichever user asks.
func Installed(name string) (Folders, error) {
	if os.Getenv("DARUMA_HOME") != "" {
		return Of(name)
	}
	return installed(name)
}

// Named is [Installed] with links unresolved: where systemd has made a folder a link (for a dynamic user), the path is the link's.
func Named(name string) (Folders, error) {
	f, err := Installed(name)
	if err != nil || f.Config != systemConfig(name) {
		return f, err
	}
	return systemNames(name), nil
}

// nameLetters are those that names of services have: definitions allow no others.
const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// Services lists the names of all services that have a folder for state or a definition here, and of the system's that let this user in,
// sorted.
func Services() ([]string, error) {
	f, err := Of("x")
	if err != nil {
		return nil, err
	}
	names, err := servicesIn(f)
	if err == nil && f.Config == systemConfig("x") {
		f.State = f.Config // services that never ran have only this one
		var more []string
		more, err = servicesIn(f)
		names = append(names, more...)
	}
	names = append(names, sharedServices()...)
	slices.Sort(names)
	return slices.Compact(names), err
}

// OfTheSystem lists the names of the services of the system, sorted, for a user whose own services are elsewhere: there [Services] names
// others. Those that let him in aren't among them. For everybody else, and on Windows, where Services lists them, too, it is empty. It needs no rights: the names of the
// folders are no secret, what is in them is.
func OfTheSystem() []string {
	f, err := Of("x")
	if err != nil || os.Getenv("DARUMA_HOME") != "" || systemConfig("x") == "" || f.Config == systemConfig("x") {
		return nil
	}
	return slices.DeleteFunc(namesIn(systemNames("x")), letsIn)
}

// namesIn lists the names in the folders above those of one service.
func namesIn(f Folders) []string {
	var names []string
	for _, dir := range []string{f.Config, f.State, f.Run} {
		entries, _ := os.ReadDir(filepath.Dir(dir)) // none there, or not to be read: the others may tell
		for _, e := range entries {
			// A link is one of systemd's, into a folder that only root may enter.
			if (e.IsDir() || e.Type()&os.ModeSymlink != 0) && strings.Trim(e.Name(), nameLetters) == "" {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func servicesIn(f Folders) ([]string, error) {
	// The State folder shows the layout: ROOT/NAME/state, or ROOT/NAME.
	root, under := filepath.Dir(f.State), false
	if filepath.Base(f.State) == "state" {
		root, under = filepath.Dir(root), true
	}
	entries, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.Trim(e.Name(), nameLetters) != "" {
			continue // no service's; and what is listed here ends on terminals and in completions
		}
		// Links count: systemd makes one where it keeps the folder of a dynamic user out of others' reach.
		if info, err := os.Stat(filepath.Join(root, e.Name())); err != nil || !info.IsDir() {
			continue
		}
		if under {
			// One that may not be looked into is there all the same: whoever asks for it is told.
			if _, err := os.Stat(filepath.Join(root, e.Name(), "state")); err != nil && !errors.Is(err, os.ErrPermission) {
				continue
			}
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// Socket is the path of the control socket.
func (f Folders) Socket() string { return filepath.Join(f.Run, "control.sock") }

// ReadersSocket is the name of the socket beside the control socket that readers use (control.readers in a definition).
const ReadersSocket = "readers.sock"

// ObserverFolder is the folder in State in which an installed observer keeps what must outlive it.
const ObserverFolder = "observer"

// Incidents is the path of the incident record.
func (f Folders) Incidents() string { return filepath.Join(f.State, "incidents.jsonl") }

func under(dir string) Folders {
	return Folders{
		Config: filepath.Join(dir, "config"),
		State:  filepath.Join(dir, "state"),
		Logs:   filepath.Join(dir, "logs"),
		Run:    filepath.Join(dir, "run"),
	}
}
