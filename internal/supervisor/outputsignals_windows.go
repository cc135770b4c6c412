package supervisor

import (
	"os"
	"os/signal"
	"syscall"
)

// ignoreOutputSignals drops what the console says: it is the keeper who is asked to stop, and passes it on. To signal.Ignore
// Windows' default answer would remain, which is the end of the process.
func ignoreOutputSignals() { signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM) }
