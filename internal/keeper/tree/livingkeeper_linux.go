package tree

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// LivingKeeper gives the pid of a keeper that lives and whose supervisor has the mark, or 0. It is for a keeper that found no lock file:
// that may have been removed from under another one, which goes on and doesn't know yet. roles are what the first argument of a keeper can
// be; the second is its service.
//
// A supervisor that outlived its keeper is no sign of one: its parent is another process then. What a process of another account says of
// itself doesn't count.
func LivingKeeper(supervisorMark string, roles []string, service string) int {
	found := 0
	sought := orphans{mark: supervisorMark}
	eachProcess(func(pid int) bool {
		if !sought.named(pid) {
			return true
		}
		supervisor, ok := readProcess(pid)
		if !ok || supervisor.dead {
			return true
		}
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(supervisor.parent) + "/cmdline")
		if args := strings.Split(string(line), "\x00"); len(args) > 2 && slices.Contains(roles, args[1]) && args[2] == service {
			found = supervisor.parent
		}
		return found == 0
	})
	return found
}
