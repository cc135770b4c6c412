package keeper

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// socket is one that the keeper holds open.
type socket struct {
	file             *os.File
	made             *socketFile // nil where it has no file
	network, address string
}

// listen binds a socket. It stays open while program and supervisor are replaced, until Unlisten.
func (k *keeper) listen(m *wire.Listen) {
	answer := &wire.Listening{Name: m.Name, Network: m.Network, Address: m.Address}
	if k.sockets[m.Name] == nil {
		var s *socket
		err := k.allowed.socket(m)
		if err == nil {
			s, err = bind(m.Network, m.Address)
		}
		if err != nil {
			answer.Error = err.Error()
		} else {
			k.sockets[m.Name] = s
		}
	}
	k.send(answer)
}

func bind(network, address string) (*socket, error) {
	s := &socket{network: network, address: address}
	var err error
	if network == "unix" && address != "" && address[0] != '@' { // else it is an abstract one, without a file
		s.file, s.made, err = bindFile(address)
	} else {
		s.file, err = bindAddress(network, address)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func bindAddress(network, address string) (*os.File, error) {
	if host, _, err := net.SplitHostPort(address); network != "unix" && host != "" {
		if _, err2 := netip.ParseAddr(host); err != nil || err2 != nil { // to look a name up could take long, and the loop must not wait
			return nil, fmt.Errorf("%s: an address must be a number here, not a name", address)
		}
	}
	switch network {
	case "tcp":
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, err
		}
		defer l.Close() // the duplicate stays
		return l.(*net.TCPListener).File()
	case "udp":
		c, err := net.ListenPacket(network, address)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return c.(*net.UDPConn).File()
	case "unix":
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, err
		}
		defer l.Close()
		return l.(*net.UnixListener).File()
	}
	return nil, fmt.Errorf("unknown kind of socket %q", network)
}

func (k *keeper) unlisten(name string) {
	if s := k.sockets[name]; s != nil {
		s.close()
		delete(k.sockets, name)
	}
}

// close closes a socket and removes its file, if it is one in the file system.
func (s *socket) close() {
	if s.made != nil {
		s.made.remove() // before the close: as long as the socket is open, no other file gets its inode's number
	}
	s.file.Close()
}
