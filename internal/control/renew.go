package control

// Renew makes the control socket again where somebody, such as a cleaner of temporary files, took its file away or put another one there.
// Without it the service would run on, and nobody could reach it. What is connected stays connected. renewed says that it had to be done.
//
// On Windows there is nothing to do: the pipe has no file that could be taken away, and the one with its name is held open.
func (s *Server) Renew() (renewed bool, err error) {
	s.mu.Lock()
	closing, old := s.fresh == nil, s.current
	s.mu.Unlock()
	if closing || isThere(old, s.socket) {
		return false, nil
	}
	l, err := listen(s.socket)
	if err != nil {
		return false, err
	}
	if !s.unlessClosing(func() { s.current = l }) {
		return false, l.Close()
	}
	s.serve(newGate(l, s.limits.connections))
	_ = old.Close() // its accept loop ends
	return true, nil
}

// RenewReaders does the same for the readers' socket. With it, as after [Server.SetReaders], somebody must open it to the readers.
func (s *Server) RenewReaders() (renewed bool, err error) {
	s.mu.Lock()
	now := s.readers
	s.mu.Unlock()
	if now == nil || isThere(now.gate.Listener, readersSocket(s.socket)) {
		return false, nil
	}
	set := now.set
	s.mu.Lock()
	s.readers = nil
	s.mu.Unlock()
	_ = now.end()
	return s.SetReaders(s.socket, set)
}

// unlessClosing does what changes the server's listeners, unless the server is closing: then it gives false, and nothing is to be served.
func (s *Server) unlessClosing(change func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh == nil {
		return false
	}
	change()
	return true
}
