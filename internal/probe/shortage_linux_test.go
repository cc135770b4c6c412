package probe

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/definition"
)

// A listener whose backlog is full leaves the connection without an answer: the SYN is dropped.
func TestTCPFullBacklog(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	h := definition.Handler{TCPSocket: &definition.TCPSocketAction{Port: name.(*unix.SockaddrInet4).Port}}
	address := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: h.TCPSocket.Port}
	full := false
	for range 16 { // fill it; how many fit is the kernel's business
		conn, err := net.DialTimeout("tcp", address.String(), 200*time.Millisecond)
		if err != nil {
			full = true
			break
		}
		defer conn.Close()
	}
	if !full {
		t.Fatal("the backlog could not be filled")
	}
	if r := ask(t, h, 100*time.Millisecond); r.OK || r.Unknown || r.Message != "tcp "+address.String()+": no answer within 100ms" {
		t.Errorf("%+v", r)
	}
}

// Without a file descriptor left for us nothing is known about the program: it must not be restarted for that.
func TestNoDescriptorLeftIsUnknown(t *testing.T) {
	l := listen(t)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Fatal(err)
		}
	}()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]definition.Handler{
		"http": httpTo(l),
		"tcp":  {TCPSocket: &definition.TCPSocketAction{Port: port(l)}},
		"grpc": {GRPC: &definition.GRPCAction{Port: port(l)}},
	} {
		if r := ask(t, h, 5*time.Second); r.OK || !r.Unknown || !strings.Contains(r.Message, "too many open files") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
