// Package inherited takes the listening sockets that were handed to this process by the LISTEN_FDS protocol (sd_listen_fds(3)):
// by systemd, or by daruma. Windows has nothing like it; there, nothing is inherited.
package inherited

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Listener is a listening socket that was open before the process began.
type Listener struct {
	Name string // as LISTEN_FDNAMES has it
	net.Listener
}

// Sockets are those handed over. They are taken from the environment once, when first asked for; each is given once. The zero value is ready.
type Sockets struct {
	mu      sync.Mutex
	loaded  bool
	streams []Listener
	packets []net.PacketConn
	kept    []*os.File // what is no listening socket (a file descriptor store's) stays open: it may be somebody else's
}

// TakeFirst takes the first listener of those that are left, in the order in which they were handed over; nil where none is left.
func (s *Sockets) TakeFirst() (name string, l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	if len(s.streams) == 0 {
		return "", nil
	}
	first := s.streams[0]
	s.streams = s.streams[1:]
	return first.Name, first.Listener
}

// TakeListener takes the listener of that name, where name isn't empty, or else the one whose address is what network and address ask for; nil
// where there is none.
func (s *Sockets) TakeListener(name, network, address string) net.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	i := slices.IndexFunc(s.streams, func(l Listener) bool { return name != "" && l.Name == name })
	if i < 0 {
		i = slices.IndexFunc(s.streams, func(l Listener) bool { return sameAddress(l.Addr(), network, address) })
	}
	if i < 0 {
		return nil
	}
	l := s.streams[i].Listener
	s.streams = slices.Delete(s.streams, i, i+1)
	return l
}

// TakePacketConn takes the datagram socket whose address is what network and address ask for; nil where there is none.
func (s *Sockets) TakePacketConn(network, address string) net.PacketConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load()
	i := slices.IndexFunc(s.packets, func(c net.PacketConn) bool { return sameAddress(c.LocalAddr(), network, address) })
	if i < 0 {
		return nil
	}
	c := s.packets[i]
	s.packets = slices.Delete(s.packets, i, i+1)
	return c
}

// load takes the descriptors; mu is held.
func (s *Sockets) load() {
	if s.loaded {
		return
	}
	s.loaded = true
	for _, file := range files() {
		switch {
		case isListening(file):
			l, err := net.FileListener(file) // a copy of the descriptor
			if err == nil {
				s.streams = append(s.streams, Listener{Name: file.Name(), Listener: l})
				_ = file.Close()
				continue
			}
		case isDatagram(file):
			c, err := net.FilePacketConn(file)
			if err == nil {
				s.packets = append(s.packets, c)
				_ = file.Close()
				continue
			}
		}
		s.kept = append(s.kept, file)
	}
}

// sameAddress reports whether a socket at have is what network and address ask for.
func sameAddress(have net.Addr, network, address string) bool {
	switch have := have.(type) {
	case *net.TCPAddr:
		return sameIP(have.AddrPort(), "tcp", network, address)
	case *net.UDPAddr:
		return sameIP(have.AddrPort(), "udp", network, address)
	case *net.UnixAddr:
		return network == have.Net && samePath(have.Name, address)
	}
	return false
}

func sameIP(have netip.AddrPort, family, network, address string) bool {
	version, ok := strings.CutPrefix(network, family)
	if !ok {
		return false
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	port, err := net.LookupPort(network, service) // a number, or a name of /etc/services
	if err != nil || port == 0 || port != int(have.Port()) {
		return false
	}
	ip := have.Addr().Unmap()
	switch {
	case version == "4" && !ip.Is4() && !ip.IsUnspecified(), version == "6" && ip.Is4():
		return false
	case host == "":
		return ip.IsUnspecified()
	case host == "localhost":
		return ip.IsLoopback()
	}
	want, err := netip.ParseAddr(host)
	if err != nil {
		return false // a name: asking a name server could take long, and its answer may be another one tomorrow
	}
	want = want.Unmap()
	return want == ip || want.IsUnspecified() && ip.IsUnspecified()
}

func samePath(have, want string) bool {
	if strings.HasPrefix(have, "@") || strings.HasPrefix(want, "@") { // abstract: no path
		return have == want
	}
	a, errA := filepath.Abs(have)
	b, errB := filepath.Abs(want)
	return errA == nil && errB == nil && a == b
}
