// Package signals translates between the signals of definitions and those of the keeper.
package signals

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Number gives the number of a stopSignal by its name, with or without SIG; SIGTERM where this system doesn't have it (Windows' CTRL_C).
func Number(name string) int {
	if name != "" && !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if n := unix.SignalNum(name); n != 0 {
		return int(n)
	}
	return int(unix.SIGTERM)
}

// Kill names what ends a process tree that doesn't end by itself.
const Kill = "SIGKILL"

// Name gives the name of a signal by its number, for people.
func Name(n int) string { return unix.SignalName(unix.Signal(n)) }
