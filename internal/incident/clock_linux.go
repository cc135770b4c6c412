package incident

import (
	"os"
	"strings"
)

// bootID is the kernel's random name of this boot.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "" // no /proc: durations across a restart of daruma then come from the wall clock
	}
	return strings.TrimSpace(string(b))
}
