package manager

import (
	"os"
	"path"
	"strings"
)

// ownUnit gives the service unit that this process belongs to, "" for none, as in a terminal. A unit's processes are those of
// its control group, whose name is the unit's; below it may be groups of the service's own (Delegate=).
func ownUnit() string {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	return unitOf(string(text))
}

// unitOf finds the unit in the text of /proc/PID/cgroup: cgroup v2's line is 0::PATH, that of systemd's own hierarchy in v1
// 1:name=systemd:PATH (cgroups(7)). Of a user's manager the services are below user@UID.service.
func unitOf(text string) string {
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		if controllers != "" && controllers != "name=systemd" || strings.Contains(group, "/user@") {
			continue
		}
		for ; group != "/" && group != "." && group != ""; group = path.Dir(group) {
			if strings.HasSuffix(group, ".service") {
				return path.Base(group)
			}
		}
	}
	return ""
}
