package process

import (
	"os"
	"os/signal"
	"syscall"
)

// ignoreOutputSignals drops the console's signals: the keeper gets them too, and passes a stop on. With signal.Ignore Windows would
// still do its default, which ends the process.
func ignoreOutputSignals() { signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM) }
