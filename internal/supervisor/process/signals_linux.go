package process

import (
	"os/signal"

	"golang.org/x/sys/unix"
)

// ignoreOutputSignals: by default writing to a pipe that nobody reads ends a process, and writing to a terminal from the
// background may stop it. This process starts no others that would inherit it.
func ignoreOutputSignals() { signal.Ignore(unix.SIGPIPE, unix.SIGTTOU) }
