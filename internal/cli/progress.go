package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// managerOf is the system's service manager, with a sign of life on a terminal while it is waited for. end takes that away.
func managerOf(std IO, doing string) (manager.Manager, func()) {
	end := progress(std.Err, screenOf(std.Err).terminal, doing)
	return manager.Manager{}, sync.OnceFunc(end)
}

// progress shows on a terminal that what takes over a second is still under way, and for how long. The function it gives
// takes the line away again.
func progress(w io.Writer, terminal bool, doing string) (end func()) {
	if !terminal {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		begin := time.Now()
		select {
		case <-stop:
			return
		case <-time.After(time.Second):
		}
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			fmt.Fprintf(w, "\r%c %s … %s\x1b[K", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[i%10], doing, span(time.Since(begin).Seconds()))
			select {
			case <-stop:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(stop); <-stopped }
}
