package control

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// limits bound what clients can cost. Tests shorten them.
type limits struct {
	connections int           // at once; more get 503
	header      time.Duration // to send a request's header in
	body        time.Duration // to send its body in
	write       time.Duration // to take an answer, or one piece of a stream, in
	idle        time.Duration // between two requests of one connection
	status      time.Duration // the Backend's time for Status
	heartbeat   time.Duration // of a stream in which nothing happens
	readers     int           // connections of readers at once, which take none from the others
	reading     int           // readings of logs at once; more get 503
}

func defaultLimits() limits {
	return limits{
		connections: 512,
		header:      5 * time.Second,
		body:        5 * time.Second,
		write:       15 * time.Second,
		idle:        30 * time.Second,
		status:      5 * time.Second,
		heartbeat:   15 * time.Second,
		readers:     256,
		reading:     16,
	}
}

const (
	maxHeader = 16 << 10 // bytes
	maxBody   = 64 << 10 // bytes
)

// Server answers on the control socket of one service.
type Server struct {
	backend Backend
	hub     *Hub
	limits  limits
	http    *http.Server
	closing context.Context // ends the streams
	end     context.CancelFunc
	served  sync.WaitGroup // the accept loops
	reading chan struct{}  // one token for each reading of logs under way
	socket  string         // its path

	mu      sync.Mutex
	current net.Listener          // the control socket
	fresh   map[net.Conn]struct{} // connections that haven't sent a whole request yet; nil: the server closes
	readers *readersGate          // nil: there are none
}

// Listen opens the control socket at this path, for its owner alone, and answers on it from now on, in goroutines of its
// own. The path may have any length. A socket that nobody listens on is replaced; a live one is never taken away: that
// gives a *[HeldError] which says who holds it. What isn't a socket, a symbolic link too, is left there and an error.
//
// On Linux the folder is made and kept closed to others, the socket has mode 0600, and each client's user is checked
// (SO_PEERCRED): only the server's own and root come in. On Windows it is a named pipe for the server's own account,
// SYSTEM and the administrators.
func Listen(socket string, backend Backend, hub *Hub) (*Server, error) {
	return listenWith(socket, backend, hub, defaultLimits())
}

func listenWith(socket string, backend Backend, hub *Hub, lim limits) (*Server, error) {
	l, err := listen(socket)
	if err != nil {
		return nil, err
	}
	s := &Server{
		backend: backend, hub: hub, limits: lim,
		fresh:   map[net.Conn]struct{}{},
		reading: make(chan struct{}, lim.reading),
		socket:  socket, current: l,
	}
	s.closing, s.end = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler: s,
		// ReadTimeout and WriteTimeout stay unset: they would cut a stop that takes its whole grace period. The handlers
		// set deadlines for what they read and write.
		ReadHeaderTimeout: lim.header,
		IdleTimeout:       lim.idle,
		MaxHeaderBytes:    maxHeader - 4096, // net/http adds 4096
		ConnState:         s.track,
		ConnContext:       withRole,
	}
	s.serve(newGate(l, lim.connections))
	return s, nil
}

func (s *Server) serve(l net.Listener) {
	s.served.Go(func() { _ = s.http.Serve(l) }) // always an error; after Close the expected one
}

// Close stops listening, removes the socket, ends the streams, lets the answers under way be finished until ctx ends, and
// then cuts every connection that is left. It gives ctx's error if it had to cut answers.
func (s *Server) Close(ctx context.Context) error {
	s.end()
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = nil
	s.mu.Unlock()
	for conn := range fresh { // Shutdown would wait 5 s for those that never finish their request
		_ = conn.Close()
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	s.served.Wait()
	return err
}

// track knows which connections have sent no whole request yet.
func (s *Server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.fresh, conn)
	case s.fresh != nil:
		s.fresh[conn] = struct{}{}
	default:
		_ = conn.Close() // accepted in the moment of closing
	}
}
