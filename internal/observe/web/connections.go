package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConnections bounds the connections that are open at a time. The one that has been without a request for longest goes when there is another: who
// opens thousands and says nothing, or says it slowly, or takes no answer, keeps nobody out.
const maxConnections = 256

// Serve answers on the listeners until ctx ends. What a client may take its time for is bounded; only a stream stays open, and that of who came in alone.
func (d *Dashboard) Serve(ctx context.Context, listeners ...net.Listener) error {
	defer d.watch.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	open := &connections{max: maxConnections, waiting: map[*connection]uint64{}}
	server := &http.Server{
		Handler:           d.busy(d.Handler()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
		ErrorLog: quiet(),
	}
	var serving sync.WaitGroup
	for _, l := range listeners {
		var bounded net.Listener = &limited{l, open}
		if d.options.TLS != nil {
			bounded = tls.NewListener(bounded, d.options.TLS)
		}
		serving.Go(func() { cancel(server.Serve(bounded)) })
	}
	<-ctx.Done()
	// Streams have ended with ctx; a browser's spare connection, on which nothing came yet, would be waited for.
	end, stop := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer stop()
	if server.Shutdown(end) != nil {
		_ = server.Close()
	}
	serving.Wait()
	return context.Cause(ctx)
}

// connections are those that are open.
type connections struct {
	max int

	mu      sync.Mutex
	open    int
	count   uint64
	waiting map[*connection]uint64 // those that may be closed for another, by since when
}

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// connection is one of them.
type connection struct {
	net.Conn
	of     *connections
	closed bool // guarded by of.mu
}

// limited accepts connections, and closes one for each above the bound.
type limited struct {
	net.Listener
	of *connections
}

// Accept gives the next connection.
func (l *limited) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	own := &connection{Conn: c, of: l.of}
	if oldest := l.of.add(own); oldest != nil {
		_ = oldest.Close()
	}
	return own, nil
}

// add takes a connection, and gives one to be closed for it: the new one where all others have requests under way.
func (o *connections) add(c *connection) (oldest *connection) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open++
	o.count++
	o.waiting[c] = o.count
	if o.open <= o.max {
		return nil
	}
	oldest = c
	for other, since := range o.waiting {
		if since < o.waiting[oldest] {
			oldest = other
		}
	}
	return oldest
}

// keep has the connection not be closed for another, until release.
func (o *connections) keep(c *connection) (release func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.waiting, c)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if !c.closed {
			o.count++
			o.waiting[c] = o.count
		}
	}
}

// Close closes it, and forgets it the first time.
func (c *connection) Close() error {
	c.of.mu.Lock()
	if !c.closed {
		c.closed = true
		c.of.open--
		delete(c.of.waiting, c)
	}
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// busy keeps the connections on which requests of somebody who has come in are answered. A stranger may send the body of a request slowly, or
// take no answer: his request is one that is waited for.
func (d *Dashboard) busy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.access.of(r, d.cookieName(r)).role > nobody {
			defer keep(r)()
		}
		next.ServeHTTP(w, r)
	})
}

// keep has the connection of a request not be closed for another, until release.
func keep(r *http.Request) (release func()) {
	conn, _ := r.Context().Value(connectionKey{}).(net.Conn)
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = over.NetConn() // TLS
	}
	if c, ok := conn.(*connection); ok {
		return c.of.keep(c)
	}
	return func() {}
}
