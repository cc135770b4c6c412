package install

import (
	"os"
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
		case "STATE_DIRECTORY", "LOGS_DIRECTORY", "RUNTIME_DIRECTORY":
			return "/", true // what they will be depends on the account
		}
		return "", false
	}
}
