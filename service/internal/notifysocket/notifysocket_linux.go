// Package notifysocket sends to systemd's NOTIFY_SOCKET (Linux).
package notifysocket

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is the socket that NOTIFY_SOCKET names (sd_notify(3)). Send never waits: what the socket doesn't take now is sent a little
// later. A service whose READY=1 is lost would be killed.
type Socket struct {
	address unix.SockaddrUnix

	mu     sync.Mutex
	fd     int
	unsent []string
	retry  *time.Timer
}

// maxUnsent bounds what waits for a systemd that doesn't read; the oldest goes first.
const maxUnsent = 64

// Open opens the socket of that name, the variable's value. It gives nil where name is no address of a Unix socket.
func Open(name string) *Socket {
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "@") {
		return nil // none, or a vsock: of a virtual machine
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	return &Socket{address: unix.SockaddrUnix{Name: name}, fd: fd}
}

// Send sends the lines as one message.
func (n *Socket) Send(lines ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unsent = append(n.unsent, strings.Join(lines, "\n"))
	if len(n.unsent) > maxUnsent {
		n.unsent = n.unsent[1:]
	}
	n.try()
}

// try sends what it can, with mu held.
func (n *Socket) try() {
	for n.fd >= 0 && len(n.unsent) > 0 {
		err := unix.Sendto(n.fd, []byte(n.unsent[0]), unix.MSG_NOSIGNAL, &n.address)
		if err == unix.EAGAIN || err == unix.ENOBUFS || err == unix.EINTR || err == unix.ECONNREFUSED {
			if n.retry != nil {
				n.retry.Stop()
			}
			n.retry = time.AfterFunc(100*time.Millisecond, func() {
				n.mu.Lock()
				defer n.mu.Unlock()
				n.try()
			})
			return
		}
		n.unsent = n.unsent[1:] // sent, or never to be sent: the socket is gone, or we may not use it
	}
}

// Flush waits until everything has been sent, for a second at most.
func (n *Socket) Flush() {
	for range 50 {
		n.mu.Lock()
		n.try()
		left := len(n.unsent)
		n.mu.Unlock()
		if left == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Close closes the socket. What wasn't sent by then is lost.
func (n *Socket) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.retry != nil {
		n.retry.Stop()
	}
	_ = unix.Close(n.fd)
	n.fd = -1
}
