package service

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// InheritedListener is a listening socket that was open before the process began.
type InheritedListener struct {
	Name string // as LISTEN_FDNAMES has it: FileDescriptorName= of a systemd socket, `name` in a definition's `listen`
	net.Listener
}

// inheritedSockets are those handed over by the LISTEN_FDS protocol. They are looked for once, when first asked for; each is
// given out once. The zero value is ready.
type inheritedSockets struct {
	mu      sync.Mutex
	looked  bool
	streams []InheritedListener
	packets []net.PacketConn
	kept    []*os.File // what is no listening socket (a file descriptor store's) stays open: it may be somebody else's
}

// Listen gives the inherited listener of that network and address where one was handed over, and else is net.Listen's. With
// an inherited socket no connection is refused while the service restarts: it waits in the socket's queue. systemd hands
// sockets over (systemd.socket(5)), and daruma does, with `listen` in a program's definition; Windows has nothing like it.
//
// An address fits in the forms that mean the same: ":80" fits "0.0.0.0:80" and "[::]:80", "localhost:80" fits
// "127.0.0.1:80" and "[::1]:80". Port 0, any port, fits none. A unix socket fits by its path. Each inherited listener is
// given once; the descriptors are closed on exec, and LISTEN_FDS leaves the environment, so that no child takes them for its own.
// Errors are net.Listen's.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	return h.ListenNamed("", network, address)
}

// ListenNamed gives the inherited listener of that name, whatever its address, and else what [Host.Listen] gives: for
// services whose administrator chooses the address in the socket's unit or definition.
func (h *Host) ListenNamed(name, network, address string) (net.Listener, error) {
	if l := h.sockets.takeListener(name, network, address); l != nil {
		return l, nil
	}
	var config net.ListenConfig
	return config.Listen(context.Background(), network, address)
}

// ListenPacket is [Host.Listen] for datagrams: "udp", "udp4", "udp6" and "unixgram".
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	if c := h.sockets.takePacketConn(network, address); c != nil {
		return c, nil
	}
	var config net.ListenConfig
	return config.ListenPacket(context.Background(), network, address)
}

// Listeners gives all inherited listeners that weren't given yet, in the order in which they were handed over; none on
// Windows.
func (h *Host) Listeners() []InheritedListener {
	h.sockets.mu.Lock()
	defer h.sockets.mu.Unlock()
	h.sockets.look()
	all := h.sockets.streams
	h.sockets.streams = nil
	return all
}

func (s *inheritedSockets) takeListener(name, network, address string) net.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	i := slices.IndexFunc(s.streams, func(l InheritedListener) bool { return name != "" && l.Name == name })
	if i < 0 {
		i = slices.IndexFunc(s.streams, func(l InheritedListener) bool { return sameAddress(l.Addr(), network, address) })
	}
	if i < 0 {
		return nil
	}
	l := s.streams[i].Listener
	s.streams = slices.Delete(s.streams, i, i+1)
	return l
}

func (s *inheritedSockets) takePacketConn(network, address string) net.PacketConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	i := slices.IndexFunc(s.packets, func(c net.PacketConn) bool { return sameAddress(c.LocalAddr(), network, address) })
	if i < 0 {
		return nil
	}
	c := s.packets[i]
	s.packets = slices.Delete(s.packets, i, i+1)
	return c
}

// look takes the descriptors; mu is held.
func (s *inheritedSockets) look() {
	if s.looked {
		return
	}
	s.looked = true
	for _, file := range inheritedFiles() {
		switch {
		case isListening(file):
			l, err := net.FileListener(file) // a copy of the descriptor
			if err == nil {
				s.streams = append(s.streams, InheritedListener{Name: file.Name(), Listener: l})
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
