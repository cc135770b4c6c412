package control

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// HeldError says that another process serves the control socket.
type HeldError struct {
	Socket string
	PID    int // 0: unknown
}

func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s already serves %s: the service runs there; stop that one first", who, e.Socket)
}

// gate is a listener that lets in only whom it may, and only so many at once. Whoever is refused is told why.
type gate struct {
	net.Listener
	max      int64
	open     atomic.Int64
	refusals chan struct{} // one token for each refusal whose answer is being waited for
	admit    func(net.Conn) error
	role     role   // of those who come in
	whom     string // they could use instead, for people
}

// role is what the clients of a listener may do.
type role uint8

const (
	noRole   role = iota // a connection that came through no gate
	asReader             // see what is marked for readers in the table of routes
	asOwner              // everything
)

func newGate(inner net.Listener, max int) *gate {
	return &gate{Listener: inner, max: int64(max), refusals: make(chan struct{}, 16), admit: admit, role: asOwner,
		whom: "use the account that runs the service, or " + elevate}
}

// Accept gives the next connection that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if err := g.admit(conn); err != nil {
			g.refuse(conn, "403 Forbidden", err.Error(), g.whom)
			continue
		}
		if g.open.Add(1) > g.max {
			g.open.Add(-1)
			g.refuse(conn, "503 Service Unavailable", fmt.Sprintf("%d connections are open, and no more are allowed", g.max),
				"close some clients, or try again")
			continue
		}
		return &gatedConn{Conn: conn, gate: g}, nil
	}
}

// refuse answers without the HTTP server, so that those who are refused hold none of its memory. It never makes Accept wait.
func (g *gate) refuse(conn net.Conn, status, why, hint string) {
	body := errorBody(why, hint)
	answer := fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, len(body), body)
	select {
	case g.refusals <- struct{}{}:
		go func() {
			// A client that is still writing when we close sees a broken pipe instead of the answer: read for a moment.
			_ = conn.SetDeadline(time.Now().Add(250 * time.Millisecond))
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
			<-g.refusals
		}()
	default:
		_ = conn.SetDeadline(time.Now().Add(time.Millisecond))
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}

// gatedConn gives its place back when it is closed.
type gatedConn struct {
	net.Conn
	gate   *gate
	closed atomic.Bool
}

func (c *gatedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.gate.open.Add(-1)
	}
	return c.Conn.Close()
}
