package launchplan

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/definition"
)

// boundsOf reads /proc: everybody may, also where the process is another user's (proc_pid_limits(5), proc_pid_status(5)).
func boundsOf(pid int) Bounds {
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		return Bounds{}
	}
	b := Bounds{Hard: hardLimits(string(limits))}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	b.Raise = err != nil || mayRaise(string(status)) // nobody is refused for what isn't known
	if permitted, ok := capabilities(string(status), "CapPrm"); ok {
		b.Capabilities = &permitted
	}
	if user, ok := userOf(string(status)); ok {
		b.User = &user
	}
	return b
}

// hardLimits reads /proc/PID/limits, whose columns have fixed widths: "Max open files            1024                 524288               files".
func hardLimits(text string) map[string]uint64 {
	const nameWidth = 26
	hard := map[string]uint64{}
	for line := range strings.Lines(text) {
		if len(line) <= nameWidth {
			continue
		}
		name, known := limitNames()[strings.TrimSpace(line[:nameWidth])]
		columns := strings.Fields(line[nameWidth:])
		if !known || len(columns) < 2 {
			continue
		}
		if columns[1] == "unlimited" {
			hard[name] = definition.Unlimited
		} else if n, err := strconv.ParseUint(columns[1], 10, 64); err == nil {
			hard[name] = n
		}
	}
	return hard
}

// limitNames are the kernel's names (fs/proc/base.c, lnames) and setrlimit(2)'s.
func limitNames() map[string]string {
	return map[string]string{
		"Max cpu time": "cpu", "Max file size": "fsize", "Max data size": "data", "Max stack size": "stack",
		"Max core file size": "core", "Max resident set": "rss", "Max processes": "nproc", "Max open files": "nofile",
		"Max locked memory": "memlock", "Max address space": "as", "Max file locks": "locks", "Max pending signals": "sigpending",
		"Max msgqueue size": "msgqueue", "Max nice priority": "nice", "Max realtime priority": "rtprio", "Max realtime timeout": "rttime",
	}
}

// userOf reads the effective user, the second of four.
func userOf(status string) (int, bool) {
	_, rest, _ := strings.Cut(status, "\nUid:")
	line, _, _ := strings.Cut(rest, "\n")
	if fields := strings.Fields(line); len(fields) == 4 {
		n, err := strconv.Atoi(fields[1])
		return n, err == nil
	}
	return 0, false
}

// mayRaise tells whether the process of /proc/PID/status has CAP_SYS_RESOURCE (setrlimit(2)).
func mayRaise(status string) bool {
	effective, ok := capabilities(status, "CapEff")
	return !ok || effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// capabilities reads one of the sets of /proc/PID/status.
func capabilities(status, set string) (mask uint64, ok bool) {
	_, rest, _ := strings.Cut(status, "\n"+set+":")
	text, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
	return mask, err == nil
}

// settingOf is systemd's name of a limit (systemd.exec(5), Process Properties).
func settingOf(rlimit string) string { return "Limit" + strings.ToUpper(rlimit) }
