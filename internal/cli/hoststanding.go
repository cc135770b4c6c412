package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// startMargin is what package service waits beyond our own bound.
const startMargin = 30 * time.Second

// teller is the part of the service manager's handle that hears how the service stands.
type teller interface {
	Status(text string)
	Ready()
}

// standing tells the service manager how the service stands, and that it runs: when it is up, and at the latest when the bound is
// over. A program that never gets ready must not keep the Service Control Manager from starting other services, nor make systemd
// end those that are ready.
type standing struct {
	bound time.Duration // from begin; 0: at once

	mu      sync.Mutex
	manager teller
	text    string
	up      bool
}

// begin starts the bound's clock; the function it gives stops it.
func (s *standing) begin(manager teller) (end func()) {
	s.mu.Lock()
	s.manager = manager
	s.mu.Unlock()
	timer := time.AfterFunc(s.bound, s.late)
	return func() { timer.Stop() }
}

// changed is called by the keeper's loop; nothing in it waits.
func (s *standing) changed(now wire.ServiceState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = now.Status
	s.manager.Status(now.Status)
	if now.Up && !s.up {
		s.up = true
		s.manager.Ready()
	}
}

func (s *standing) late() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up {
		return
	}
	s.up = true
	text := s.text
	if text == "" {
		text = "the supervisor hasn't said anything"
	}
	s.manager.Status(fmt.Sprintf("%s (not up after %v, reported running all the same)", text, s.bound))
	s.manager.Ready()
}
