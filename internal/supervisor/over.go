package supervisor

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
	"github.com/daruma-sh/daruma/internal/wanted"
)

// endWhenOver ends a service of which nothing runs and nothing will: by itself, and with a failure where programs haven't done their work. The
// operating system would show a service that runs otherwise, and its monitoring would be content.
//
// With that failure nobody starts the service again but a person or the next boot: what a definition says of restarts has been done, and the
// service manager's recovery would begin it anew.
func (s *supervisor) endWhenOver() {
	over, unfinished := s.engine.Over()
	if !over {
		return
	}
	if len(unfinished) == 0 {
		s.step(engine.Shutdown{Reason: "all programs are completed"})
		return
	}
	s.state.Over = overText(unfinished)
	s.step(engine.Shutdown{Reason: s.state.Over})
}

// overText names the programs that didn't do their work, and says of the first one why.
func overText(unfinished []*engine.Program) string {
	first := unfinished[0]
	text := fmt.Sprintf("nothing is left to run: %s is %s: %s", first.Name, first.State, first.Reason)
	if len(unfinished) == 1 {
		return text
	}
	names := make([]string, 0, len(unfinished))
	for _, p := range unfinished[1:] {
		names = append(names, p.Name)
	}
	return text + "; not completed either: " + shortList(names)
}

// noteOver notes for daruma ensure, status and whoever starts the service how it ended. A service that nobody hosts says it in its terminal.
func (s *supervisor) noteOver() {
	if s.state.Over == "" || !s.hello.Hosted {
		return
	}
	why := s.events.Plain(s.state.Over, s.def)
	done := make(chan error, 1)
	go func() { done <- wanted.SaveEnded(s.place.State, why) }()
	select {
	case err := <-done:
		if err != nil {
			s.log.Warn("how the service ended", "error", err)
		}
	case <-time.After(lastGoodCloseTimeout): // a disk that hangs holds up no end
	}
}
