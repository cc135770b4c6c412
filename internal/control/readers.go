package control

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/readers"
)

// roleKey is the key of a connection's role in the context of its requests.
type roleKey struct{}

func withRole(ctx context.Context, conn net.Conn) context.Context {
	switch conn := conn.(type) {
	case *gatedConn:
		return context.WithValue(ctx, roleKey{}, conn.gate.role)
	case *readersConn:
		return context.WithValue(ctx, roleKey{}, asReader)
	}
	return ctx
}

func roleOf(r *http.Request) role {
	who, _ := r.Context().Value(roleKey{}).(role)
	return who
}

// readersSocket is the socket beside the control socket that readers use.
func readersSocket(socket string) string {
	return filepath.Join(filepath.Dir(socket), folders.ReadersSocket)
}

// readersGate lets readers in, and can end what they have open.
type readersGate struct {
	*gate
	set  readers.Set
	once sync.Once // http.Server closes a listener that ends once more

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil: closed
}

// SetReaders lets those of the set, and nobody else, see status, events, incidents and logs, on a socket of their own beside the one at
// socket. It ends the connections of those it let in before. changed says that the socket was closed or made anew.
//
// Linux: whoever connects is known by the kernel's word (SO_PEERCRED, SO_PEERGROUPS). The socket has mode 0600 in a folder of mode 0700:
// somebody with the right to set access lists must open both to the readers (access.OpenToReaders).
// Windows: the pipe and the file with its name have access lists with the readers on them; nothing else is needed.
func (s *Server) SetReaders(socket string, set readers.Set) (changed bool, err error) {
	s.mu.Lock()
	closing, before := s.fresh == nil, s.readers
	if closing || before != nil && before.set.Equal(set) || before == nil && set.Empty() {
		s.mu.Unlock()
		return false, nil
	}
	s.readers = nil
	s.mu.Unlock()
	if before != nil {
		before.end()
	}
	if set.Empty() {
		return true, nil
	}
	l, err := listenForReaders(readersSocket(socket), set)
	if err != nil {
		return false, err
	}
	g := newGate(l, s.limits.readers)
	g.role, g.admit = asReader, func(conn net.Conn) error { return admitReader(conn, set) }
	g.whom = "be named among the readers in the service's definition (control.readers), or " + elevate
	now := &readersGate{gate: g, set: set, conns: map[net.Conn]struct{}{}}
	if !s.unlessClosing(func() { s.readers = now }) {
		return false, now.end()
	}
	s.serve(now)
	return true, nil
}

// Accept gives the next reader.
func (g *readersGate) Accept() (net.Conn, error) {
	conn, err := g.gate.Accept()
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns == nil {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	g.conns[conn] = struct{}{}
	return &readersConn{conn, g}, nil
}

// Close closes the socket and takes its file away.
func (g *readersGate) Close() (err error) {
	g.once.Do(func() { err = g.gate.Close() })
	return err
}

// end closes the socket and every connection that came through it.
func (g *readersGate) end() error {
	err := g.Close()
	g.mu.Lock()
	conns := g.conns
	g.conns = nil
	g.mu.Unlock()
	for conn := range conns {
		_ = conn.Close()
	}
	return err
}

// readersConn is forgotten when it is closed.
type readersConn struct {
	net.Conn
	gate *readersGate
}

func (c *readersConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c.Conn)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
