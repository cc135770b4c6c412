package web

import (
	"context"
	"sync"
)

const (
	maxStreams = 64 // streams at a time: browsers open six to a host
	// userStreams are those of one user, in however many sessions, and sessionStreams those of one session: nobody takes the places of all others.
	userStreams    = 32
	sessionStreams = 12
)

// places counts the streams that are open. The zero value has none.
type places struct {
	mu      sync.Mutex
	all     int
	user    map[string]int
	session map[context.Context]int // by the context that ends with it
}

// take takes a place for a stream, until free is called; ok is false where there is none for this session.
func (p *places) take(s session) (free func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.user == nil {
		p.user, p.session = map[string]int{}, map[context.Context]int{}
	}
	if p.all >= maxStreams || p.user[s.user] >= userStreams || p.session[s.left] >= sessionStreams {
		return nil, false
	}
	p.count(s, 1)
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.count(s, -1)
	}), true
}

// count is called with mu held.
func (p *places) count(s session, n int) {
	p.all += n
	if p.user[s.user] += n; p.user[s.user] == 0 {
		delete(p.user, s.user)
	}
	if p.session[s.left] += n; p.session[s.left] == 0 {
		delete(p.session, s.left)
	}
}
