package keeper

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// socket is one that the keeper holds open.
type socket struct {
	file             *os.File
	network, address string
}

// listen binds a socket. It stays open while program and supervisor are replaced, until Unlisten.
func (k *keeper) listen(m *wire.Listen) {
	answer := &wire.Listening{Name: m.Name, Network: m.Network, Address: m.Address}
	if k.sockets[m.Name] == nil {
		f, err := bind(m.Network, m.Address)
		if err != nil {
			answer.Error = err.Error()
		} else {
			k.sockets[m.Name] = &socket{f, m.Network, m.Address}
		}
	}
	k.send(answer)
}

func bind(network, address string) (*os.File, error) {
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
		return bindUnix(address)
	}
	return nil, fmt.Errorf("unknown kind of socket %q", network)
}

// bindUnix replaces the file of a socket that nobody listens on any more, never that of one in use, and no other file.
func bindUnix(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s exists and is no socket", path)
		}
		// Only this error says that nobody listens: a full queue (EAGAIN) or another type of socket (EPROTOTYPE) means that somebody is there.
		if c, err := net.Dial("unix", path); !errors.Is(err, unix.ECONNREFUSED) {
			if err == nil {
				c.Close()
			}
			return nil, fmt.Errorf("%s is in use by another process", path)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	u := l.(*net.UnixListener)
	u.SetUnlinkOnClose(false)
	defer u.Close()
	return u.File()
}

func (k *keeper) unlisten(name string) {
	if s := k.sockets[name]; s != nil {
		closeSocket(s.file)
		delete(k.sockets, name)
	}
}

// closeSocket closes a socket and removes its file, if it is one in the file system.
func closeSocket(f *os.File) {
	if l, err := net.FileListener(f); err == nil {
		if u, ok := l.Addr().(*net.UnixAddr); ok && u.Name != "" && u.Name[0] != '@' {
			_ = os.Remove(u.Name)
		}
		l.Close()
	}
	f.Close()
}
