package signals

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestSignalNumbers(t *testing.T) {
	for name, want := range map[string]unix.Signal{
		"SIGTERM": unix.SIGTERM, "TERM": unix.SIGTERM, "SIGQUIT": unix.SIGQUIT, "HUP": unix.SIGHUP, "": unix.SIGTERM, "CTRL_C": unix.SIGTERM,
	} {
		if got := Number(name); got != int(want) {
			t.Errorf("%s is %d, not %d", name, got, want)
		}
	}
}
