package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/daruma-sh/daruma/service/internal/stopcontext"
)

// Server is what [Host.Serve] serves: *http.Server is one. Serve returns when it can't accept any more, or once Shutdown was called.
// Shutdown closes the listeners and waits until everything in flight was answered. If its context ends first, it returns that context's
// error.
type Server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// Serve serves on the listeners and calls Ready. When ctx ends, it drains the server and returns:
//
//	l, err := host.Listen("tcp", ":8080")
//	if err != nil {
//		return err
//	}
//	return host.Serve(ctx, &http.Server{Handler: mux}, l)
//
// The listeners are open before Ready: a connection that comes at once waits in their queues. nil means that everything in
// flight was answered. What the server's Serve returns after Shutdown began, such as http.ErrServerClosed, is no error. A return before
// that is one, also with nil: the server is then shut down on its other listeners too, and its first error returned. Draining takes four
// fifths of the time that [Host.StopContext] leaves at most: what comes after it, such as flushing and closing, needs some as well. When
// not everything was answered by then, the connections that are left are closed (where srv has a Close method), and Serve returns an error.
// Shutdown of an http.Server doesn't wait for hijacked connections such as WebSockets: end them with RegisterOnShutdown.
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
	ctx, cancel := shareOf(h.StopContext())
	defer cancel()
	err := srv.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("not everything in flight was answered: %w", err)
		if c, ok := srv.(interface{ Close() error }); ok {
			err = errors.Join(err, c.Close())
		}
	}
	for range left {
		select {
		case <-ended:
		case <-ctx.Done():
			return err // a server that ignores Shutdown
		}
	}
	return err
}

// shareOf gives a context that ends with context.DeadlineExceeded when four fifths of the time until the deadline of stop are over. It
// follows a deadline that is moved (Host.ExtendTimeout).
func shareOf(stop context.Context) (context.Context, context.CancelFunc) {
	ctx, begin := stopcontext.New(), time.Now()
	over := func() time.Duration {
		deadline, ok := stop.Deadline()
		if !ok {
			return 100 * time.Millisecond // Host.Stopping was called, and the service sets the deadline in a moment
		}
		return time.Until(begin.Add(deadline.Sub(begin) / 5 * 4))
	}
	go func() {
		for left := over(); left > 0; left = over() {
			timer := time.NewTimer(left)
			select {
			case <-timer.C:
				continue
			case <-stop.Done():
			case <-ctx.Done():
			}
			timer.Stop()
			break
		}
		ctx.SetDeadline(time.Now())
	}()
	return ctx, ctx.Release
}
