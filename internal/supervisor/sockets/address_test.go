package sockets

import (
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	for _, c := range [][3]string{
		{"tcp", "127.0.0.1:80", "127.0.0.1:80"}, {"udp", "[::1]:53", "[::1]:53"}, {"tcp", ":80", ":80"},
		{"tcp", "[fe80::1%lo]:80", "[fe80::1%lo]:80"}, {"unix", "/run/x", "/run/x"}, {"tcp", "localhost:80", "127.0.0.1:80"},
	} {
		if got, err := resolve(t.Context(), c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("%s %s: %q, %v; want %q", c[0], c[1], got, err, c[2])
		}
	}
	if got, err := resolve(t.Context(), "tcp", "no such host:80"); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("%q, %v", got, err)
	}
}
