package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/version"
)

const (
	maxBody      = 10 << 10  // bytes of a body that are read, as the kubelet does
	maxAnswer    = 256 << 10 // bytes of an answer in all: bounds its header
	maxRedirects = 10
	maxInterim   = 5 // 1xx answers passed over
)

// userAgent is what servers' logs know probes by, as kube-probe/VERSION is the kubelet's.
var userAgent = sync.OnceValue(func() string { return "daruma-probe/" + strings.TrimPrefix(version.Version(), "v") })

var errTooLong = errors.New("the header of the answer is longer than any server's")

// httpGet sends a GET request by HTTP/1.1 over a fresh connection; a status of 200 to 399 is success.
//
// It writes the request and reads the answer on the connection itself: http.Client would start two goroutines and build a
// transport for each probe, and would look for a proxy in the environment.
// Rules for headers, redirects and the body: Kubernetes' pkg/probe/http.
func (a attempt) httpGet(ctx context.Context, g *definition.HTTPGetAction) Result {
	req, err := firstRequest(ctx, g)
	if err != nil {
		return Result{Message: "GET " + g.Path + ": " + excerpt([]byte(err.Error()))}
	}
	first, host := "GET "+excerpt([]byte(req.URL.String())), req.URL.Hostname()
	what := first
	for hops := 0; ; hops++ {
		resp, body, err := fetch(ctx, req)
		if err != nil {
			return a.fail(ctx, what, err)
		}
		next, err := redirect(req, resp)
		switch {
		case err != nil:
			return Result{Message: what + ": " + excerpt([]byte(err.Error()))}
		case next == nil:
			return httpResult(what, resp, body)
		case next.URL.Hostname() != host:
			return Result{OK: true, Message: what + ": redirects to another host, which was not asked: " + excerpt([]byte(next.URL.String()))}
		case hops >= maxRedirects-1:
			return Result{Message: fmt.Sprintf("%s: stopped after %d redirects", what, maxRedirects)}
		}
		req = next
		what = first + ", redirected to " + excerpt([]byte(req.URL.String())) // who answered is what is to be looked at
	}
}

func httpResult(what string, resp *http.Response, body []byte) Result {
	if resp.StatusCode >= 200 && resp.StatusCode < 400 {
		return Result{OK: true}
	}
	text := http.StatusText(resp.StatusCode)
	if text == "" {
		text = excerpt([]byte(strings.TrimSpace(strings.TrimPrefix(resp.Status, strconv.Itoa(resp.StatusCode)))))
	}
	return Result{Message: strings.TrimRight(fmt.Sprintf("%s: %d %s", what, resp.StatusCode, text), " ") + quoted(body)}
}

func firstRequest(ctx context.Context, g *definition.HTTPGetAction) (*http.Request, error) {
	u, err := url.Parse(g.Path)
	if err != nil {
		u = &url.URL{Path: g.Path} // a path that is no URL reference is sent escaped
	}
	u.Scheme, u.User, u.Opaque = "http", nil, ""
	if strings.EqualFold(g.Scheme, "https") {
		u.Scheme = "https"
	}
	host := g.Host
	if host == "" {
		host = "127.0.0.1"
	}
	u.Host = net.JoinHostPort(host, strconv.Itoa(g.Port))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for _, h := range g.Headers {
		if strings.EqualFold(h.Name, "Host") {
			req.Host = h.Value
			continue
		}
		req.Header.Add(h.Name, h.Value)
	}
	defaultHeader(req.Header, "User-Agent", userAgent())
	defaultHeader(req.Header, "Accept", "*/*")
	req.Close = true
	return req, nil
}

// defaultHeader sets a header that the definition doesn't; one set to "" there is left out (net/http leaves out
// an empty User-Agent by itself).
func defaultHeader(h http.Header, name, value string) {
	given, ok := h[name]
	switch {
	case !ok:
		h.Set(name, value)
	case len(given) == 1 && given[0] == "" && name != "User-Agent":
		h.Del(name)
	}
}

// redirect gives the request that resp sends us to; nil where it doesn't.
func redirect(req *http.Request, resp *http.Response) (*http.Request, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	u, err := req.URL.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("redirects to %q, which is no address", location)
	}
	next := req.Clone(req.Context())
	next.URL = u
	if portOf(u) != portOf(req.URL) || u.Scheme != req.URL.Scheme {
		// Another port may be another user's server: what the definition sends to this one, a password or a key, isn't for that one.
		next.Header = http.Header{}
		for _, name := range []string{"User-Agent", "Accept"} {
			if value, ok := req.Header[name]; ok {
				next.Header[name] = value
			}
		}
	}
	if relative, err := url.Parse(location); err != nil || relative.IsAbs() {
		next.Host = u.Host // a Host header of the definition is kept for redirects within the same host only
	}
	if u.Hostname() == req.URL.Hostname() && u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("redirects to %q, which is neither http nor https", location)
	}
	return next, nil
}

// fetch sends one request over a connection of its own and gives the answer and the beginning of its body.
func fetch(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	conn, err := dial(ctx, req.URL.Hostname(), portOf(req.URL))
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	defer bindToContext(ctx, conn)()
	var stream net.Conn = conn
	if req.URL.Scheme == "https" {
		secure := tls.Client(conn, &tls.Config{
			InsecureSkipVerify: true, // as the kubelet does: a certificate is rarely made out to 127.0.0.1
			ServerName:         serverName(req),
			NextProtos:         []string{"http/1.1"},
		})
		if err := secure.Handshake(); err != nil {
			return nil, nil, err
		}
		stream = secure
	}
	var request bytes.Buffer // one write, and none of the 4 KiB that net/http would buffer with
	if err := req.Write(&request); err != nil {
		return nil, nil, err
	}
	if _, err := stream.Write(request.Bytes()); err != nil {
		return nil, nil, err
	}
	bounded := &io.LimitedReader{R: stream, N: maxAnswer}
	reader := bufio.NewReaderSize(bounded, 1024)
	for i := 0; ; i++ {
		resp, err := http.ReadResponse(reader, req)
		if err != nil && bounded.N == 0 {
			return nil, nil, errTooLong
		}
		if err != nil {
			return nil, nil, notHTTP(err)
		}
		if resp.StatusCode >= 100 && resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols && i < maxInterim {
			continue
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil, nil // no body of ours follows
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		return resp, body, err
	}
}

// notHTTP leaves errors of the connection alone and shortens what net/http says about an answer that isn't HTTP.
func notHTTP(err error) error {
	var n net.Error
	if errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("it answers, but not with HTTP (%w)", err)
}

// serverName is the name for TLS' server name indication: the Host header where one is given, else the host.
func serverName(req *http.Request) string {
	name := req.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	if name == "" {
		name = req.URL.Hostname()
	}
	return name
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// dial opens a connection that lives no longer than ctx.
func dial(ctx context.Context, host, port string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1} // it lives for a moment: no keep-alive to set up
	return d.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
}

// bindToContext makes reads and writes of conn fail when ctx ends, until release is called.
func bindToContext(ctx context.Context, conn net.Conn) (release func()) {
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline) //nolint:errcheck // fails only on a closed connection, which the next read reports
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // likewise
	return func() { stop() }
}
