package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// What no page of ours sends is refused, whoever's cookie it carries, and no order comes of it.
func TestForgedRequests(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	s := serve(t, "shop", "secret line\n", up("api"))
	_, b := open(t, Options{})
	header := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				if r.Header.Set(pairs[i], pairs[i+1]); pairs[i] == "Host" {
					r.Host = pairs[i+1]
				}
			}
		}
	}
	stop := url.Values{"program": {"api"}, "verb": {"stop"}, "reason": {"x"}}.Encode()
	for _, a := range []struct {
		name, method, path string
		change             func(*http.Request)
		want               int
	}{
		{"DNS rebinding: another name that leads here", "GET", "/services/shop/logs", header("Host", "evil.example"), 421},
		{"DNS rebinding, with the Origin that goes with it", "POST", "/services/shop/order", header("Host", "evil.example:80", "Origin", "http://evil.example:80"), 421},
		{"the loopback's own name, which every local page may have", "GET", "/", header("Host", "localhost"), 421},
		{"the address itself", "GET", "/", header("Host", "127.0.0.1:80"), 421},
		{"a name that ends like ours", "GET", "/", header("Host", "x."+host), 421},
		{"another site's form", "POST", "/services/shop/order", header("Sec-Fetch-Site", "cross-site"), 403},
		{"another site's form in an old browser", "POST", "/services/shop/order", header("Sec-Fetch-Site", "", "Origin", "https://evil.example"), 403},
		{"a form in a sandboxed frame", "POST", "/services/shop/order", header("Sec-Fetch-Site", "", "Origin", "null"), 403},
		{"a page on another port of this host", "POST", "/services/shop/order", header("Sec-Fetch-Site", "same-site"), 403},
		{"a script of another port that loads a page of logs", "GET", "/services/shop/logs",
			header("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"), 403},
		{"a frame on another site", "GET", "/", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		{"another site's EventSource", "GET", "/services/shop/logs/stream", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"), 403},
		{"a stream opened as a page", "GET", "/stream", header("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 403},
		{"no cookie", "GET", "/services/shop/logs", header("Cookie", ""), 401},
		{"no cookie, a stream", "GET", "/services/shop/logs/stream", header("Cookie", ""), 401},
		{"no cookie, an order", "POST", "/services/shop/order", header("Cookie", ""), 401},
		{"a guessed cookie", "GET", "/", header("Cookie", "daruma=AAAAAAAAAAAAAAAAAAAAAAAAAA"), 401},
		{"an order by a link", "GET", "/services/shop/order?program=api&verb=stop&reason=x", nil, 200}, // the form, and no order
		{"an order by another method", "PUT", "/services/shop/order", nil, 404},
		{"an order of text/plain, which needs no preflight", "POST", "/services/shop/order", header("Content-Type", "text/plain"), 400},
		{"the method TRACE, which sends a cookie back", "TRACE", "/", nil, 404},
	} {
		answer, text := b.do(a.method, a.path, a.change, stop)
		if answer.StatusCode != a.want {
			t.Errorf("%s: %s\n%s", a.name, answer.Status, text)
		}
		wantsNot(t, text, "secret line")
	}
	if len(s.got) != 0 {
		t.Errorf("orders were given: %+v", s.got)
	}
	if answer, _ := b.do("GET", "/", header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")); answer.StatusCode != 200 {
		t.Errorf("a link from elsewhere: %s", answer.Status)
	}
}

// No path leads out of what there is.
func TestPathTricks(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	_, b := open(t, Options{})
	for _, path := range []string{
		"/static/../daruma.js", "/static/..%2f..%2fdoc.go", "/static/%2e%2e%2fdashboard.go", "/static/", "/static/..%5cdoc.go", "/static/daruma.js%00.css",
		"/services/..%2f..%2fetc/logs", "/services/%2e%2e/logs", "/services/shop%2f..%2fshop", "/services/SHOP", "/services/shop%00", "/services//shop/",
		"/services/shop/logs?program=..%2f..%2fpasswd", "/services/shop/logs?program=daruma", "/services/shop/order?program=..%2fapi",
		"/services/%f0%28%8c%28", "/services/shop/logs/stream/x", "/..;/services/shop", "/services/" + strings.Repeat("a", 5000),
	} {
		answer, text := b.do(http.MethodGet, path, nil)
		if answer.StatusCode != http.StatusNotFound && answer.StatusCode != http.StatusBadRequest {
			if answer.StatusCode >= 300 && answer.StatusCode < 400 && strings.HasPrefix(answer.Header.Get("Location"), "/") && !strings.HasPrefix(answer.Header.Get("Location"), "//") {
				continue // the same path, cleaned
			}
			t.Errorf("%s: %s %v\n%s", path, answer.Status, answer.Header, text)
		}
		wantsNot(t, text, "package web")
	}
	// The way back from the choice of a language leads nowhere else.
	for _, back := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", ""} {
		answer, _ := b.do(http.MethodPost, "/language", nil, url.Values{"to": {"zh"}, "back": {back}}.Encode())
		if got := answer.Header.Get("Location"); got != "/" {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}

// A token is good once, and not for long; a session ends.
func TestTokens(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	d, b := open(t, Options{})
	token := d.Token("ann")
	for i, want := range []int{200, 403, 403} {
		if answer, _ := b.do("GET", "/enter?token="+token, nil); answer.StatusCode != want {
			t.Errorf("use %d: %s", i+1, answer.Status)
		}
	}
	token = d.Token("ann")
	for range 2 { // a program that looks whether the link leads anywhere
		if answer, _ := b.do("HEAD", "/enter?token="+token, nil); answer.StatusCode != 200 || len(answer.Cookies()) > 0 {
			t.Errorf("HEAD: %s, %v", answer.Status, answer.Cookies())
		}
	}
	if answer, _ := b.do("GET", "/enter?token="+token, nil); answer.StatusCode != 200 {
		t.Error("HEAD took the token:", answer.Status)
	}
	if answer, _ := b.do("GET", "/enter?token=", nil); answer.StatusCode != 403 {
		t.Error("without a token:", answer.Status)
	}
	now := time.Now()
	token = d.Token("ann")
	d.access.now = func() time.Time { return now.Add(tokenLife + time.Second) }
	if answer, _ := b.do("GET", "/enter?token="+token, nil); answer.StatusCode != 403 {
		t.Error("an old token:", answer.Status)
	}
	d.access.now = func() time.Time { return now.Add(sessionLife + time.Minute) }
	if answer, _ := b.do("GET", "/", nil); answer.StatusCode != 401 {
		t.Error("an old session:", answer.Status)
	}
	d.access.now = time.Now
	b.page("/")
	if answer, _ := b.do("POST", "/leave", nil); answer.StatusCode != 303 {
		t.Error(answer.Status)
	}
	if answer, _ := b.do("GET", "/", nil); answer.StatusCode != 401 {
		t.Error("a session that was left:", answer.Status)
	}
	for range maxSessions + 10 {
		d.access.redeem(d.Token("ann"))
	}
	if n := len(d.access.sessions); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
}

// The cookie is for no script and no other site, and every answer has the browser obey nothing within a page.
func TestHeaders(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for _, secure := range []bool{false, true} {
		d, b := open(t, Options{Secure: secure})
		answer, _ := b.do("GET", "/enter?token="+d.Token("ann"), nil)
		c := answer.Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != secure || c.Path != "/" || c.Domain != "" || strings.HasPrefix(c.Name, "__Host-") != secure {
			t.Errorf("%+v", c)
		}
		for _, path := range []string{"/", "/nowhere", "/static/daruma.js", "/stream/x"} {
			answer, text := b.do("GET", path, nil)
			csp := answer.Header.Get("Content-Security-Policy")
			if !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") || answer.Header.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("%s: %v", path, answer.Header)
			}
			if !strings.HasPrefix(path, "/static") {
				wantsNot(t, text, "style=", "onclick=", "<style", "http:", "https:")
			}
		}
	}
}

// What programs write and how things are called is shown as text.
func TestPoison(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	evil := "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{.}}${x}&\x1b]0;title\x07\x1b[2J\x00\u202eabc\u2028\xff end"
	s := serve(t, "shop", evil+"\n"+strings.Repeat("y", 4<<20)+"\n", up("api"))
	p := down("</script><svg/onload=alert(3)>", evil)
	p.StatusText = evil
	p.Probes = []control.ProbeStatus{{Kind: "liveness<b>", Message: evil, Failures: 1, At: time.Now()}}
	p.LastExit = &control.Exit{Words: evil}
	s.change(func() { s.programs, s.display = append(s.programs, p), evil })
	_, b := open(t, Options{})
	harmless := func(where, text string) {
		t.Helper()
		for _, bad := range []string{"<script>alert", "<img", "<svg/", "liveness<b>", "\x1b", "\x00", "\x07", "\u202e", "\u2028", "\xff"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: %q is in it", where, bad)
			}
		}
	}
	for _, path := range []string{"/", "/services/shop", "/services/shop/logs", "/services/shop/logs?q=" + url.QueryEscape(evil), "/services/" + url.PathEscape(evil),
		"/services/shop/order?program=" + url.QueryEscape(p.Name), "/services/shop/order?program=" + url.QueryEscape(evil)} {
		answer, text := b.do("GET", path, nil)
		harmless(path, text)
		if answer.StatusCode >= 500 || len(text) > 1<<20 {
			t.Errorf("%s: %s, %d bytes", path, answer.Status, len(text))
		}
	}
	wants(t, b.page("/services/shop/logs"), "&lt;script&gt;alert(1)&lt;/script&gt;", "^[]0;title^G^[[2J^@&lt;U&#43;202E&gt;abc", "&lt;FF&gt; end")
	var html map[string]string
	decode(t, b.follow("/services/shop/stream")()["html"], &html)
	for key, text := range html {
		harmless(key, text)
	}
	var lines []logLine
	for next := b.follow("/services/shop/logs/stream"); len(lines) < 2; { // they come as they are read
		var more []logLine
		if data, ok := next()["lines"]; ok {
			decode(t, data, &more)
		}
		lines = append(lines, more...)
	}
	if len(lines[1].Text) > maxLine+3 || strings.ContainsAny(lines[0].Text, "\x00\x1b\u202e") {
		t.Errorf("%d lines", len(lines))
	}
}

// Bodies and headers that have no end are cut off.
func TestTooMuch(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	_, b := open(t, Options{})
	if answer, _ := b.do("POST", "/services/shop/order", nil, "program=api&verb=stop&reason="+strings.Repeat("x", 1<<20)); answer.StatusCode != 400 {
		t.Error("a form of a megabyte:", answer.Status)
	}
	if answer, _ := b.do("GET", "/services/shop/logs?q="+strings.Repeat("x", maxSearch+1), nil); answer.StatusCode != 400 {
		t.Error("a search without end:", answer.Status)
	}
}

// Whoever opens pages without end gets no more than there are places, and the others' pages stay.
func TestTooManyStreams(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	d, b := open(t, Options{})
	for n := range maxStreams + 1 { // of many users
		_, ok := d.streams.take(session{user: strconv.Itoa(n), left: context.WithValue(t.Context(), connectionKey{}, n)})
		if ok != (n < maxStreams) {
			t.Errorf("stream %d: %v", n, ok)
		}
	}
	if answer, _ := b.do("GET", "/stream", nil); answer.StatusCode != 503 {
		t.Error(answer.Status)
	}
	b.page("/")
	for range maxReading {
		d.reading <- struct{}{}
	}
	if answer, _ := b.do("GET", "/services/shop/logs", nil); answer.StatusCode != 503 {
		t.Error(answer.Status)
	}
}

// One user takes the places of all others neither in one session nor in many, and what is closed is free again.
func TestStreamsOfOneUser(t *testing.T) {
	var p places
	of := func(user string) session {
		return session{user: user, left: context.WithValue(t.Context(), connectionKey{}, 0)}
	}
	greedy := of("bob")
	var open []func()
	for n := range sessionStreams + 1 {
		free, ok := p.take(greedy)
		if ok != (n < sessionStreams) {
			t.Fatalf("stream %d of one session: %v", n, ok)
		}
		if ok {
			open = append(open, free)
		}
	}
	for n := len(open); n <= userStreams; n++ { // he logs in again for each
		free, ok := p.take(of("bob"))
		if ok != (n < userStreams) {
			t.Fatalf("stream %d of one user: %v", n, ok)
		}
		if ok {
			open = append(open, free)
		}
	}
	if _, ok := p.take(of("ann")); !ok {
		t.Error("another user has no place")
	}
	for _, free := range open {
		free()
		free() // twice is once
	}
	if _, ok := p.take(greedy); !ok || p.all != 2 || len(p.user) != 2 || len(p.session) != 2 {
		t.Errorf("what is closed isn't free: %+v", &p)
	}
}

// Who leaves is shown nothing any more, also where a page is open still.
func TestLeavingEndsStreams(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	_, b := open(t, Options{})
	ended := make(chan error, 3)
	paths := []string{"/stream", "/services/shop/stream", "/services/shop/logs/stream"}
	for _, path := range paths {
		stream, err := http.DefaultClient.Do(b.request(http.MethodGet, path, nil))
		if err != nil || stream.StatusCode != http.StatusOK {
			t.Fatal(err, stream)
		}
		go func() {
			defer stream.Body.Close()
			_, err := io.Copy(io.Discard, stream.Body)
			ended <- err
		}()
	}
	b.do(http.MethodPost, "/leave", nil)
	for range paths {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second): // a session has hours
			t.Fatal("a stream goes on")
		}
	}
}

// Thousands of connections (10,000 with DARUMA_TEST_CONNECTIONS) that say nothing, or say it slowly, keep nobody out.
func TestSlowClients(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	serve(t, "shop", "", up("api"))
	d := New(Options{Hosts: []string{host}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, l) }()
	get := func(c net.Conn, path, cookie string) (*http.Response, error) {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", path, host, cookie); err != nil {
			return nil, err
		}
		return http.ReadResponse(bufio.NewReader(c), nil)
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	answer, err := get(dial(), "/enter?token="+d.Token("ann"), "")
	if err != nil || len(answer.Cookies()) != 1 {
		t.Fatal(err, answer)
	}
	cookie := answer.Cookies()[0].String()
	page := dial()
	watching, err := get(page, "/stream", cookie)
	if err != nil || watching.StatusCode != 200 {
		t.Fatal(err, watching)
	}
	begin := time.Now()
	connections := 1000 // each costs a millisecond
	if os.Getenv("DARUMA_TEST_CONNECTIONS") != "" {
		connections = 10_000
	}
	for i := range connections {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		switch {
		case i%2 == 1: // the rest of the body doesn't come
			_, _ = fmt.Fprintf(c, "POST /language HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nto=", host)
		case i%4 == 0:
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nX-Slow: ")
		}
	}
	t.Logf("%d connections took %v", connections, time.Since(begin))
	begin = time.Now()
	answer, err = get(dial(), "/", cookie)
	if err != nil || answer.StatusCode != 200 {
		t.Fatal(err, answer)
	}
	t.Logf("a page after them took %v", time.Since(begin))
	// A page that was open before them is kept up to date.
	_ = page.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAtLeast(watching.Body, make([]byte, 64), 64); err != nil {
		t.Error("the open page was cut off:", err)
	}
	stop()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
}
