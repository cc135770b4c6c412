package install

import (
	"os"
	"path/filepath"
	"strings"
)

// Environment looks a variable up as the service will find it: systemd passes on nothing of a terminal
// (systemd.exec(5), Environment Variables in Spawned Processes).
func Environment(own []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, entry := range own {
			if key, value, ok := strings.Cut(entry, "="); ok && key == name {
				return value, true
			}
		}
		switch name {
		case "PATH":
			return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", true
		case "HOME", "USER", "LOGNAME", "SHELL", "LANG", "DARUMA_HOME":
			return os.LookupEnv(name)
		}
		return "", false
	}
}

// FolderVariable gives what systemd sets for the folders of the service called name (systemd.exec(5), StateDirectory=). Where the
// name isn't known yet, it is a folder that stands for it.
func FolderVariable(variable, name string) (string, bool) {
	if os.Getenv("DARUMA_HOME") != "" { // then systemd makes no folders
		return "", false
	}
	parents := map[string]string{"STATE_DIRECTORY": "/var/lib/daruma", "LOGS_DIRECTORY": "/var/log/daruma", "RUNTIME_DIRECTORY": "/run/daruma"}
	parent, ok := parents[variable]
	if !ok {
		return "", false
	}
	return filepath.Join(parent, name), true
}

// withoutDependency is what systemd does (systemd.unit(5), Wants=).
const withoutDependency = "systemd starts this one without it, and in no order with what was meant; systemctl list-unit-files names what there is"
