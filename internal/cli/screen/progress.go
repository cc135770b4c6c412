package screen

import (
	"fmt"
	"io"
	"time"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Progress shows on a terminal that what takes over a second is still under way, and for how long. The function it gives takes the
// line away again. Elsewhere it shows nothing.
func Progress(w io.Writer, doing string) (end func()) {
	return progress(Unguarded(w), Of(w).Terminal, plaintext.Line(doing))
}

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
			fmt.Fprintf(w, "\r%c %s … %s\x1b[K", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[i%10], doing, Span(time.Since(begin).Seconds()))
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
