package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Limits for whoever asks: everybody on the machine may.
const (
	maxAskers  = 32
	maxRequest = 4 << 10 // bytes of a request's line and headers
	askTime    = 5 * time.Second
)

// Serve answers GET /livez and GET /readyz by HTTP at a loopback address such as "127.0.0.1:8081", "[::1]:8081" or
// "localhost:8081" (then 127.0.0.1), until Run has returned. Status 200 and "ok", or 503 and what failed; with ?verbose a line for each check,
// as Kubernetes' own endpoints have it:
//
//	[+]service ok
//	[-]database failed: connection refused
//	readyz check failed
//
// It returns the address it listens at, once it does; port 0 takes a free one. It refuses any other address: what a check
// says may be of use to an attacker. For a port that the network reaches, answer with
// [Health.ReadinessReport] from a server of your own.
//
// The two paths don't need net/http: importing it would make every service on Windows 2.3 MB larger (6.9 instead of 4.6 MB), also
// one that never calls this.
func (h *Health) Serve(address string) (net.Addr, error) {
	at, err := loopback(address)
	if err != nil {
		return nil, err
	}
	if h.host.life.Err() != nil {
		return nil, errors.New("daruma: health: the service has stopped")
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("daruma: health: %w", err)
	}
	h.host.attend(func(ctx context.Context) {
		stop := context.AfterFunc(ctx, func() { listener.Close() })
		defer stop()
		h.accept(ctx, listener)
	})
	return listener.Addr(), nil
}

func loopback(address string) (string, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("daruma: health: %w: write 127.0.0.1:PORT", err)
	}
	if strings.EqualFold(name, "localhost") { // not looked up: a name server mustn't decide who gets to ask
		name = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(name); err != nil || !ip.Unmap().IsLoopback() {
		return "", fmt.Errorf("daruma: health: %q isn't a loopback address: write 127.0.0.1:PORT", address)
	}
	return net.JoinHostPort(name, port), nil
}

func (h *Health) accept(ctx context.Context, listener net.Listener) {
	places := make(chan struct{}, maxAskers)
	for ctx.Err() == nil {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptor free, most likely: that passes
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		select {
		case places <- struct{}{}:
			h.host.attend(func(ctx context.Context) {
				defer func() { <-places }()
				h.answer(ctx, conn)
			})
		default:
			conn.Close()
		}
	}
}

// answer takes one request and closes the connection.
func (h *Health) answer(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(askTime))
	method, target, err := readRequest(conn)
	if err != nil {
		_, _ = conn.Write(response(400, err.Error()+"\n", method))
		return
	}
	status, body := h.page(method, target)
	_, _ = conn.Write(response(status, body, method))
}

// readRequest reads up to the end of the headers (RFC 9112), so that nothing unread makes the kernel reset the connection
// before the answer has arrived. A body isn't read: GET has none.
func readRequest(r io.Reader) (method, target string, err error) {
	lines := bufio.NewScanner(io.LimitReader(r, maxRequest))
	if !lines.Scan() {
		return "", "", errors.New("no request")
	}
	method, rest, _ := strings.Cut(lines.Text(), " ")
	target, version, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(version, "HTTP/1.") || !strings.HasPrefix(target, "/") {
		return "", "", errors.New("not an HTTP/1 request")
	}
	for lines.Scan() {
		if lines.Text() == "" {
			return method, target, nil
		}
	}
	return "", "", errors.New("the request has no end within 4 KiB")
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

func response(status int, body, method string) []byte {
	reason := ""
	switch status {
	case 200:
		reason = "OK"
	case 400:
		reason = "Bad Request"
	case 404:
		reason = "Not Found"
	case 405:
		reason = "Method Not Allowed"
	case 503:
		reason = "Service Unavailable"
	}
	text := "HTTP/1.1 " + strconv.Itoa(status) + " " + reason + "\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	if status == 405 {
		text += "Allow: GET, HEAD\r\n"
	}
	text += "\r\n"
	if method != "HEAD" {
		text += body
	}
	return []byte(text)
}
