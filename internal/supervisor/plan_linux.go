package supervisor

import (
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func mayExecute(info os.FileInfo) error {
	if info.Mode().Perm()&0o111 == 0 {
		return errors.New("it is not executable (chmod +x)")
	}
	return nil
}

// variableKey tells variables apart.
func variableKey(name string) string { return name }

// spellings are the files that a name in a command may mean.
func spellings(name string) []string { return []string{name} }

// signalNumber gives the number of a signal by name; SIGTERM where this system doesn't have it (Windows' CTRL_C).
func signalNumber(name string) int {
	if name != "" && !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if n := unix.SignalNum(name); n != 0 {
		return int(n)
	}
	return int(unix.SIGTERM)
}

// killWord is what ends a tree that doesn't end by itself.
const killWord = "SIGKILL"

// endReading lets a Read of a pipe fail if it goes on for longer than that.
func endReading(f *os.File, after time.Duration) { _ = f.SetReadDeadline(time.Now().Add(after)) }

func signalWord(n int) string { return unix.SignalName(unix.Signal(n)) }

// residentBytes is the memory of a process: what of it is in RAM, shared pages included.
func residentBytes(pid int) int64 { return statm(pid) }
