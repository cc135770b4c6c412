package hosting

import (
	"fmt"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// statusReceiver is the part of the service manager's handle that is told how the service is: *service.Host.
type statusReceiver interface {
	SetStatus(text string)
	Ready()
}

// startReport reports to the service manager how the service is, and that it runs: when it is up, and at the latest when the timeout
// is over. A program that never gets ready must not keep the Service Control Manager from starting other services, nor make systemd
// end those that are ready.
type startReport struct {
	timeout time.Duration // from begin; 0: at once

	mu       sync.Mutex
	manager  statusReceiver
	text     string
	reported bool // that it runs
}

// begin starts the timeout's clock; the function it gives stops it.
func (s *startReport) begin(manager statusReceiver) (end func()) {
	s.mu.Lock()
	s.manager = manager
	s.mu.Unlock()
	timer := time.AfterFunc(s.timeout, s.timedOut)
	return func() { timer.Stop() }
}

// changed is called by the keeper's loop; nothing in it waits.
func (s *startReport) changed(now wire.ServiceState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = now.Status
	s.manager.SetStatus(now.Status)
	if now.Up && !s.reported {
		s.reported = true
		s.manager.Ready()
	}
}

func (s *startReport) timedOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reported {
		return
	}
	s.reported = true
	text := s.text
	if text == "" {
		text = "the supervisor hasn't said anything"
	}
	s.manager.SetStatus(fmt.Sprintf("%s (not up after %v, reported running all the same)", text, s.timeout))
	s.manager.Ready()
}
