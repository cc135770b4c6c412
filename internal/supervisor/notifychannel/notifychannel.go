// Package notifychannel reads the messages that a run of a program sends on its notify channel, so that none is lost when
// the supervisor dies, where the system allows that.
package notifychannel

import (
	"os"
	"time"

	"github.com/daruma-sh/daruma/service/notify"
)

// maxRead is how many bytes are read at once.
const maxRead = 4096

// pause follows each reading: a program that floods its channel costs a hundred readings a second, not a processor.
const pause = 10 * time.Millisecond

// Reader reads channels; one for all of a supervisor's. The zero value is ready to use, from any goroutine.
type Reader struct{ peeker peeker }

// Read gives deliver the messages from the channel f, in order, until no process holds the channel's other end any more.
// It takes them out of the pipe when deliver has returned true; until then a successor finds them there (on Linux, see
// peeker). Where deliver returns false it ends at once. ignored is how many lines weren't KEY=VALUE.
func (r *Reader) Read(f *os.File, deliver func([]notify.Message) bool) (ignored uint64) {
	var d notify.Decoder
	for {
		var batch []notify.Message
		n, err := r.peeker.peek(f, func(p []byte) { d.Write(p, func(m notify.Message) { batch = append(batch, m) }) })
		if err != nil {
			break
		}
		if len(batch) > 0 && !deliver(batch) {
			return 0
		}
		if err := r.peeker.discard(f, n); err != nil {
			break
		}
		time.Sleep(pause)
	}
	return d.Refused()
}
