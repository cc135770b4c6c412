package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/daruma-sh/daruma/service/internal/healthserver"
)

// Serve answers GET /livez and GET /readyz by HTTP at a loopback address such as "127.0.0.1:8081", "[::1]:8081" or
// "localhost:8081" (then 127.0.0.1), until Run has returned. Status 200 and "ok", or 503 and what failed; with ?verbose a line for each check,
// as Kubernetes' own endpoints have it:
//
//	[+]service ok
//	[-]database failed: connection refused
//	readyz check failed
//
// It returns the address when it listens there; port 0 takes a free one. It refuses any other address: the error of a check may be of use
// to an attacker. For a port that the network reaches, answer with [Health.ReadinessReport] from a server of your own.
//
// It doesn't use net/http, which would make every service on Windows 2.3 MB larger (6.9 instead of 4.6 MB).
func (h *Health) Serve(address string) (net.Addr, error) {
	at, err := loopback(address)
	if err != nil {
		return nil, err
	}
	if h.host.life == nil || h.host.life.Err() != nil {
		return nil, errors.New("daruma: health: the service isn't running")
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("daruma: health: %w", err)
	}
	h.host.attend(func(ctx context.Context) { healthserver.Serve(ctx, listener, h.page) })
	return listener.Addr(), nil
}

func loopback(address string) (string, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("daruma: health: %w: write 127.0.0.1:PORT", err)
	}
	if strings.EqualFold(name, "localhost") { // not resolved: a name server must not decide where we listen
		name = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(name); err != nil || !ip.Unmap().IsLoopback() {
		return "", fmt.Errorf("daruma: health: %q isn't a loopback address: write 127.0.0.1:PORT", address)
	}
	return net.JoinHostPort(name, port), nil
}

func (h *Health) page(method, target string) (status int, body string) {
	path, query, _ := strings.Cut(target, "?")
	var r HealthReport
	switch path {
	case "/livez":
		r = h.LivenessReport()
	case "/readyz":
		r = h.ReadinessReport()
	default:
		return 404, "there are /livez and /readyz\n"
	}
	if method != "GET" && method != "HEAD" {
		return 405, "only GET and HEAD\n"
	}
	if !r.OK {
		return 503, r.verbose(path[1:])
	}
	for q := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(q, "="); name == "verbose" {
			return 200, r.verbose(path[1:])
		}
	}
	return 200, "ok"
}

// verbose is the text of Kubernetes' health endpoints.
func (r HealthReport) verbose(name string) string {
	var b strings.Builder
	for _, c := range r.Checks {
		if c.OK {
			fmt.Fprintf(&b, "[+]%s ok\n", c.Name)
			continue
		}
		why := "not checked yet"
		if c.Err != nil {
			why = singleLine(c.Err.Error())
		}
		fmt.Fprintf(&b, "[-]%s failed: %s\n", c.Name, why)
	}
	if r.OK {
		return b.String() + name + " check passed\n"
	}
	return b.String() + name + " check failed\n"
}
