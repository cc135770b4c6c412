package screen

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// NoEcho keeps the terminal from showing what is typed, until restore. Ctrl+C restores it, too, and ends the process as if nobody had cared: the system
// leaves a terminal as a process made it, and the shell after it would show nothing that is typed. A signal that is ignored, as a shell's trap can have it,
// stays so: it would end nothing, and the rest of the password would be shown.
func NoEcho(terminal *os.File) (restore func(), err error) {
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(s) { // Notify would have it heard again
			signal.Notify(signals, s)
		}
	}
	show, err := silence(terminal)
	if err != nil {
		signal.Stop(signals)
		return nil, err
	}
	show = sync.OnceFunc(show)
	over := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			show()
			endBy(s)
		case <-over:
		}
	}()
	return sync.OnceFunc(func() {
		signal.Stop(signals)
		close(over)
		show()
	}), nil
}
