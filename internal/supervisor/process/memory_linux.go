package process

import (
	"os"
	"strconv"
	"strings"
)

// residentBytes is the memory of a process that is in RAM, shared pages included; 0 where it isn't known.
// Source: proc_pid_statm(5), the second field, in pages.
func residentBytes(pid int) int64 {
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
