package supervisor

import (
	"fmt"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// run is the supervisor's loop. It gives the exit code for the whole service.
func (s *supervisor) run() (code int, buried bool) {
	beat := time.NewTicker(max(s.hello.Hang/2, 10*time.Millisecond))
	defer beat.Stop()
	s.link.Send(&wire.Heartbeat{})
	s.slept = monotonic.Slept()
	watchClock(s.ctx, func() { s.mailbox.Post(s.lookForSleep) })
	for {
		s.flush()
		if code, over := s.over(); over {
			return code, false
		}
		select {
		case <-s.mailbox.Wake():
			s.mailbox.Run()
			s.answerWaiters()
		case <-beat.C:
			// From this goroutine and no other: it is this one whose life the keeper has to know of.
			s.link.Send(&wire.Heartbeat{})
			s.lookForSleep()
		case <-s.ctx.Done():
			return s.bury(), true
		}
	}
}

// receive puts the keeper's messages into the mailbox, all that came at once as one piece of work. Its end is the
// keeper's end.
func (s *supervisor) receive() {
	type letter struct {
		message wire.Message
		files   []*os.File
	}
	for {
		var letters []letter
		for more := true; more; more = s.link.More() {
			m, files, err := s.link.Receive()
			if err != nil && !wire.KeeperLost(err) {
				complain(fmt.Errorf("%w; another supervisor takes over", err))
				os.Exit(1) // the keeper holds everything, and starts the next one
			}
			if err != nil {
				s.cancel(fmt.Errorf("the connection to the keeper: %w", err))
				return
			}
			letters = append(letters, letter{m, files})
		}
		s.mailbox.Post(func() {
			for _, l := range letters {
				s.handle(l.message, l.files)
			}
		})
	}
}

func (s *supervisor) flush() {
	s.tellStanding()
	if err := s.link.Flush(); err != nil {
		s.cancel(err)
	}
}

// step lets the engine decide, stores what it decided, then does it.
func (s *supervisor) step(ev engine.Event) {
	s.moved = true
	s.carryOut(s.engine.Step(monotonic.Now(), ev))
}
