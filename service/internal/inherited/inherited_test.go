package inherited

import (
	"net"
	"testing"
)

func TestSameAddress(t *testing.T) {
	tcp := func(s string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", s) // an IP: nobody is asked
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	udp := net.UDPAddrFromAddrPort(tcp("[::1]:53").(*net.TCPAddr).AddrPort())
	unix := &net.UnixAddr{Name: "/run/shop/api.sock", Net: "unix"}
	for _, c := range []struct {
		have             net.Addr
		network, address string
		want             bool
	}{
		{tcp("[::]:80"), "tcp", ":80", true},
		{tcp("0.0.0.0:80"), "tcp", ":80", true},
		{tcp("0.0.0.0:80"), "tcp4", ":80", true},
		{tcp("0.0.0.0:80"), "tcp6", ":80", false},
		{tcp("[::]:80"), "tcp", "0.0.0.0:80", true},
		{tcp("[::]:80"), "tcp", ":http", true},
		{tcp("[::]:80"), "tcp", "127.0.0.1:80", false},
		{tcp("127.0.0.1:80"), "tcp", ":80", false},
		{tcp("127.0.0.1:80"), "tcp", "127.0.0.1:80", true},
		{tcp("127.0.0.1:80"), "tcp", "127.0.0.1:81", false},
		{tcp("127.0.0.1:80"), "tcp", "127.0.0.2:80", false},
		{tcp("127.0.0.1:80"), "tcp", "localhost:80", true},
		{tcp("[::1]:80"), "tcp", "localhost:80", true},
		{tcp("[::1]:80"), "tcp4", "localhost:80", false},
		{tcp("127.0.0.1:80"), "tcp", "[::ffff:127.0.0.1]:80", true},
		{tcp("127.0.0.1:80"), "tcp", "127.0.0.1:0", false},
		{tcp("127.0.0.1:80"), "tcp", "www.example.org:80", false},
		{tcp("127.0.0.1:80"), "tcp", "127.0.0.1", false},
		{tcp("127.0.0.1:80"), "udp", "127.0.0.1:80", false},
		{udp, "udp", "[::1]:53", true},
		{udp, "tcp", "[::1]:53", false},
		{unix, "unix", "/run/shop/../shop/api.sock", true},
		{unix, "unix", "/run/shop/other.sock", false},
		{unix, "unixgram", "/run/shop/api.sock", false},
		{&net.UnixAddr{Name: "@shop", Net: "unix"}, "unix", "@shop", true},
		{&net.UnixAddr{Name: "@shop", Net: "unix"}, "unix", "shop", false},
	} {
		if got := sameAddress(c.have, c.network, c.address); got != c.want {
			t.Errorf("%s at %s, asked for %s %s: %v, want %v", c.have.Network(), c.have, c.network, c.address, got, c.want)
		}
	}
}
