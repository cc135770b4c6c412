package supervisor

import (
	"os"
	"strconv"
	"strings"
)

// statm reads the resident size from /proc/PID/statm: pages, second field (proc_pid_statm(5)).
func statm(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
