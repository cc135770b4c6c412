package realtest

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestPrivilegedPort: a program without rights serves on a port below 1024, which the keeper bound for it.
func TestPrivilegedPort(t *testing.T) {
	needRoot(t)
	port := 0
	for p := 600; p < 1000 && port == 0; p++ {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			l.Close()
			port = p
		}
	}
	dir := folder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, testbin.Path(t))
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  web:
    command: [%s, http, -listen-fds]
    listen: [{name: web, address: "127.0.0.1:%d"}]
    securityContext: {runAsUser: 65534, runAsGroup: 65534}
`, testbin.Path(t), port))
	e := s.awaitReady("web", 0)
	s.eventually("it serves", func() bool { return healthy(port, time.Second) })
	if uid := fieldOf(proc(t, e.PID, "status"), "Uid"); uid != "65534	65534	65534	65534" {
		t.Errorf("it runs as %q", uid)
	}
}
