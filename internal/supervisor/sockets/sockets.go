// Package sockets asks the keeper for the listening sockets of a definition. The keeper holds them, so that they stay open
// while programs and supervisors come and go.
package sockets

import (
	"context"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// Sockets are those of one service. One goroutine owns them.
type Sockets struct {
	send   func(wire.Message)
	byName map[string]*socket
}

// socket is one that the keeper has, or was asked for.
type socket struct {
	network, address string
	problem          string // why it isn't open; "": it is, or the answer is still to come
}

// New makes an empty table. send gives the keeper a message.
func New(send func(wire.Message)) *Sockets {
	return &Sockets{send: send, byName: map[string]*socket{}}
}

// Inherit takes note of a socket that a predecessor had opened.
func (s *Sockets) Inherit(m *wire.Listening) {
	s.byName[m.Name] = &socket{network: m.Network, address: m.Address}
}

// Open asks for a socket that isn't open yet, or whose address changed. The keeper carries messages out in order, so it is
// open for a Spawn that follows.
func (s *Sockets) Open(ctx context.Context, l definition.Listener) {
	address, err := resolve(ctx, l.Network, l.Address)
	if err != nil {
		if s.byName[l.Name] == nil { // else the one that is open goes on
			s.byName[l.Name] = &socket{network: l.Network, address: l.Address, problem: err.Error()}
		}
		return
	}
	have := s.byName[l.Name]
	if have != nil && have.problem == "" && have.network == l.Network && have.address == address {
		return
	}
	if have != nil && have.problem == "" {
		s.send(&wire.Unlisten{Name: l.Name})
	}
	s.byName[l.Name] = &socket{network: l.Network, address: address}
	s.send(&wire.Listen{Name: l.Name, Network: l.Network, Address: address})
}

// Answered takes the keeper's answer to Open.
func (s *Sockets) Answered(m *wire.Listening) {
	if have := s.byName[m.Name]; have != nil {
		have.problem = m.Error
	}
}

// CloseUnused closes the sockets that no program of the definition names.
func (s *Sockets) CloseUnused(def *definition.Service) {
	wanted := map[string]bool{}
	for i := range def.Programs {
		for _, l := range def.Programs[i].Listen {
			wanted[l.Name] = true
		}
	}
	for name := range s.byName {
		if !wanted[name] {
			delete(s.byName, name)
			s.send(&wire.Unlisten{Name: name})
		}
	}
}

// Problem says why a socket of the program isn't open; "" where all are. It is a better reason for a failed start than
// the keeper's, which knows only that there is no such socket.
func (s *Sockets) Problem(def *definition.Program) string {
	for _, l := range def.Listen {
		if have := s.byName[l.Name]; have != nil && have.problem != "" {
			return "listen." + l.Name + ": " + have.problem
		}
	}
	return ""
}
