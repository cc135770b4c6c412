package service

import (
	"context"
	"iter"
	"net"
)

// Listen gives the inherited listener of that network and address, if there is one, and otherwise a new one, as net.Listen does. With
// an inherited socket no connection is refused while the service restarts: it waits in the socket's queue. systemd hands
// sockets over (systemd.socket(5)), and so does daruma, with `listen` in a program's definition. Windows has nothing like it.
//
// An address fits in the forms that mean the same: ":80" fits "0.0.0.0:80" and "[::]:80", "localhost:80" fits
// "127.0.0.1:80" and "[::1]:80". Port 0, any port, fits none. A unix socket fits by its path. Each inherited listener is
// given once; the descriptors are closed on exec, and LISTEN_FDS leaves the environment, so that no child takes them.
// Errors are net.Listen's.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	return h.ListenNamed("", network, address)
}

// ListenNamed gives the inherited listener of that name, at any address, and otherwise what [Host.Listen] gives. It is for services
// whose administrator chooses the address in the socket's unit or definition.
func (h *Host) ListenNamed(name, network, address string) (net.Listener, error) {
	if l := h.sockets.TakeListener(name, network, address); l != nil {
		return l, nil
	}
	var config net.ListenConfig
	return config.Listen(context.Background(), network, address)
}

// ListenPacket is [Host.Listen] for datagrams: "udp", "udp4", "udp6" and "unixgram".
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	if c := h.sockets.TakePacketConn(network, address); c != nil {
		return c, nil
	}
	var config net.ListenConfig
	return config.ListenPacket(context.Background(), network, address)
}

// Listeners gives all inherited listeners that weren't given yet, in the order in which they were handed over, with their names: those of
// LISTEN_FDNAMES, which are FileDescriptorName= of a systemd socket and `name` in a definition's `listen`. None on Windows. A loop that
// breaks leaves the rest to be given later.
func (h *Host) Listeners() iter.Seq2[string, net.Listener] {
	return func(yield func(string, net.Listener) bool) {
		for {
			name, l := h.sockets.TakeFirst()
			if l == nil || !yield(name, l) {
				return
			}
		}
	}
}
