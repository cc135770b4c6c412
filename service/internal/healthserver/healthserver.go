// Package healthserver answers GET and HEAD by HTTP/1, one request a connection, without net/http: importing that would make every service on
// Windows 2.3 MB larger (6.9 instead of 4.6 MB), also one that serves nothing.
package healthserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits for clients: everybody on the machine may be one.
const (
	MaxClients = 32
	MaxRequest = 4 << 10 // bytes of a request's line and headers
	Timeout    = 5 * time.Second
)

// Page gives the answer to a request: a status of 200, 404, 405 or 503, and a text.
type Page func(method, target string) (status int, body string)

// Serve accepts connections until ctx is done, and returns when all of them were answered or closed. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, page Page) {
	defer listener.Close()
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	var clients sync.WaitGroup
	defer clients.Wait()
	places := make(chan struct{}, MaxClients)
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
			clients.Go(func() {
				defer func() { <-places }()
				answer(ctx, conn, page)
			})
		default:
			conn.Close()
		}
	}
}

// answer takes one request and closes the connection.
func answer(ctx context.Context, conn net.Conn, page Page) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(Timeout))
	method, target, err := readRequest(conn)
	if err != nil {
		_, _ = conn.Write(response(400, err.Error()+"\n", method))
		return
	}
	status, body := page(method, target)
	_, _ = conn.Write(response(status, body, method))
}

// readRequest reads up to the end of the headers (RFC 9112), so that nothing unread makes the kernel reset the connection
// before the answer has arrived. A body isn't read: GET has none.
func readRequest(r io.Reader) (method, target string, err error) {
	lines := bufio.NewScanner(io.LimitReader(r, MaxRequest))
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
