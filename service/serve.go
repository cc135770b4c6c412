package service

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Server is what [Host.Serve] serves: an *http.Server fits, and so does what is made like it. Serve returns when it can't accept
// any more, or once Shutdown was called. Shutdown closes the listeners, waits until what is in flight was answered, and returns, with
// its context's error where that ends first.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// Serve serves on the listeners, says Ready, and when ctx ends drains the server within [Host.StopContext] and returns:
//
//	l, err := host.Listen("tcp", ":8080")
//	if err != nil {
//		return err
//	}
//	return host.Serve(ctx, &http.Server{Handler: mux}, l)
//
// The listeners are open before Ready: a connection that comes at once waits in their queues. nil means that everything in
// flight was answered. What the server's Serve returns after Shutdown began, such as http.ErrServerClosed, is no error. Before,
// it is, whatever it says: the server is then shut down on its other listeners too, and its first error returned. When the time to
// stop is over before everything was answered, connections that are left are closed (where srv has a Close method), and the error
// says so. Shutdown of an http.Server doesn't wait for hijacked connections such as WebSockets: end them with RegisterOnShutdown.
func (h *Host) Serve(ctx context.Context, srv Server, listeners ...net.Listener) error {
	if len(listeners) == 0 {
		return errors.New("daruma: Host.Serve: no listener: make one with Host.Listen")
	}
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- srv.Serve(l) }()
	}
	h.Ready()

	var failure error
	left := len(listeners)
	select {
	case <-ctx.Done():
	case failure = <-ended:
		left--
		if failure == nil {
			failure = errors.New("the server ended though nobody stopped it")
		}
		failure = fmt.Errorf("serving: %w", failure)
		h.Stopping() // gives StopContext its deadline
	}
	return errors.Join(failure, h.drain(srv, ended, left))
}

// drain shuts srv down and waits for the calls of Serve that are left.
func (h *Host) drain(srv Server, ended <-chan error, left int) error {
	err := srv.Shutdown(h.StopContext())
	if err != nil {
		err = fmt.Errorf("not everything in flight was answered: %w", err)
		if c, ok := srv.(interface{ Close() error }); ok {
			err = errors.Join(err, c.Close())
		}
	}
	for range left {
		select {
		case <-ended:
		case <-h.StopContext().Done():
			return err // a server that ignores Shutdown
		}
	}
	return err
}
