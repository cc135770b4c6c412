package supervisor

import (
	"fmt"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/supervisor/beat"
	"github.com/daruma-sh/daruma/internal/supervisor/clockjump"
)

// run is the supervisor's loop. It gives the exit code for the whole service, and whether the keeper is gone.
func (s *supervisor) run() (code int, keeperLost bool) {
	beats, stop := beat.Every(max(s.hello.Hang/2, 10*time.Millisecond))
	defer stop()
	s.link.Send(&wire.Heartbeat{})
	s.slept = monotonic.Slept()
	clockjump.Watch(s.ctx, func() { s.mailbox.Post(s.checkForSleep) })
	s.giveBackMemory(10)
	for {
		s.flush()
		if s.upgrade.leaving {
			return 0, false
		}
		if code, over := s.over(); over {
			return code, false
		}
		select {
		case <-s.mailbox.Wake():
			s.mailbox.Run()
			s.answerWaiters()
		case <-beats:
			// Sent from this goroutine and no other: it is the one that the keeper must know to be alive.
			s.link.Send(&wire.Heartbeat{})
			s.checkForSleep()
			s.renewSockets()
			s.incidents.NoteAlive()
		case <-s.ctx.Done():
			return s.endOrphans(), true
		}
	}
}

// receive posts the keeper's messages to the mailbox, those that came at once as one function. When the keeper is gone it
// cancels s.ctx and ends.
func (s *supervisor) receive() {
	type received struct {
		message wire.Message
		files   []*os.File
	}
	for {
		var batch []received
		for more := true; more; more = s.link.More() {
			m, files, err := s.link.Receive()
			if err != nil && !wire.KeeperLost(err) {
				printError(fmt.Errorf("%w; another supervisor takes over", err))
				os.Exit(1) // the keeper holds everything, and starts the next one
			}
			if err != nil {
				s.cancel(fmt.Errorf("the connection to the keeper: %w", err))
				return
			}
			batch = append(batch, received{m, files})
		}
		s.mailbox.Post(func() {
			for _, r := range batch {
				s.handle(r.message, r.files)
			}
		})
	}
}

// flush sends what was queued for the keeper.
func (s *supervisor) flush() {
	s.saveStopped()
	s.reportServiceStatus()
	if err := s.link.Flush(); err != nil {
		s.cancel(err)
	}
}

// step lets the engine decide, saves the new state with the keeper, then carries the effects out.
func (s *supervisor) step(ev engine.Event) {
	s.statusOutdated = true
	s.carryOut(s.engine.Step(monotonic.Now(), ev))
}
