package probe

import (
	"context"
	"net"
	"strconv"

	"github.com/daruma-sh/daruma/internal/definition"
)

// tcpSocket succeeds when a connection opens; it sends nothing and closes it at once.
func (a attempt) tcpSocket(ctx context.Context, t *definition.TCPSocketAction) Result {
	host := t.Host
	if host == "" {
		host = "127.0.0.1"
	}
	port := strconv.Itoa(t.Port)
	conn, err := dial(ctx, host, port)
	if err != nil {
		return a.fail(ctx, "tcp "+excerpt([]byte(net.JoinHostPort(host, port))), err)
	}
	conn.Close()
	return Result{OK: true}
}
