package supervisor

import (
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/memory"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// startTime is how long the start of even a large service takes on a machine with little else to do.
const startTime = 3 * time.Second

// giveBackMemory gives back once what the start took, after startTime or as soon as no program was started for a second. It looks so many times
// at most: a program that falls and falls would put it off for ever.
func (s *supervisor) giveBackMemory(looks int) {
	time.AfterFunc(startTime, func() {
		s.mailbox.Post(func() {
			if looks > 1 && startsGoOn(s.engine.Programs(), monotonic.Now()) {
				s.giveBackMemory(looks - 1)
				return
			}
			go memory.GiveBack() // the loop needn't wait
		})
	})
}

func startsGoOn(programs []*engine.Program, now time.Duration) bool {
	for _, p := range programs {
		if p.StartedAt > 0 && now-p.StartedAt < time.Second {
			return true
		}
	}
	return false
}
