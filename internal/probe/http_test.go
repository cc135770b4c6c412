package probe

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/version"
)

// ask carries out one probe with a timeout; most tests of real servers give it seconds that they don't need.
func ask(t *testing.T, h definition.Handler, timeout time.Duration) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return attempt{limit: timeout}.run(ctx, h, nil)
}

func get(t *testing.T, server *httptest.Server, path string, headers ...definition.HTTPHeader) (definition.Handler, string) {
	t.Helper()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return definition.Handler{HTTPGet: &definition.HTTPGetAction{Scheme: strings.ToUpper(u.Scheme), Port: port, Path: path, Headers: headers}}, server.URL
}

func TestHTTPStatus(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		w.WriteHeader(code)
		fmt.Fprint(w, r.URL.Query().Get("body"))
	}))
	defer server.Close()
	for _, test := range []struct {
		query, want string // want "" is success
	}{
		{"?code=200", ""}, {"?code=204", ""}, {"?code=302", ""}, {"?code=304", ""}, {"?code=399", ""},
		{"?code=400", "400 Bad Request"},
		{"?code=503&body=db+down%0a", `503 Service Unavailable: "db down"`},
		{"?code=500&body=%1b[31mred%00%ff%0d%0a+two++lines", `500 Internal Server Error: "[31mred � two lines"`},
		{"?code=599", "599 status code 599"}, // the server's own words
		{"?code=500&body=" + strings.Repeat("ä", 200), `500 Internal Server Error: "` + strings.Repeat("ä", 60) + `…"`},
	} {
		h, base := get(t, server, "/health"+test.query)
		r := ask(t, h, 10*time.Second)
		if r.OK != (test.want == "") || r.Unknown || r.Duration <= 0 {
			t.Errorf("%s: %+v", test.query, r)
		}
		if _, words, _ := strings.Cut(r.Message, ": "); test.want != "" && words != test.want {
			t.Errorf("%s: said %q, want %q", test.query, words, test.want)
		}
		if r.Message != "" && !strings.HasPrefix(r.Message, "GET "+base+"/health?code=") {
			t.Errorf("%q doesn't say what was asked", r.Message)
		}
	}
}

func TestHTTPRequest(t *testing.T) {
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // must not be asked
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	h, _ := get(t, server, "/a b?x=1&y=%20", definition.HTTPHeader{Name: "Host", Value: "shop.example"},
		definition.HTTPHeader{Name: "X-Probe", Value: "a"}, definition.HTTPHeader{Name: "x-probe", Value: "b"})
	if r := ask(t, h, 10*time.Second); !r.OK {
		t.Fatal(r.Message)
	}
	if got.Proto != "HTTP/1.1" || got.Host != "shop.example" || got.URL.Path != "/a b" || got.URL.RawQuery != "x=1&y=%20" {
		t.Errorf("%s %s %s", got.Proto, got.Host, got.URL)
	}
	if v := got.Header.Values("X-Probe"); len(v) != 2 || got.UserAgent() != "daruma-probe/"+strings.TrimPrefix(version.Version(), "v") || got.Header.Get("Accept") != "*/*" || !got.Close {
		t.Errorf("header %v, close %t", got.Header, got.Close)
	}
	h, _ = get(t, server, "health", definition.HTTPHeader{Name: "User-Agent", Value: "mine"}, definition.HTTPHeader{Name: "Accept", Value: ""})
	if r := ask(t, h, 10*time.Second); !r.OK || got.UserAgent() != "mine" || got.Header["Accept"] != nil || got.URL.Path != "/health" {
		t.Errorf("%+v: %s %v", r, got.URL, got.Header)
	}
}

func TestHTTPSWithoutVerification(t *testing.T) {
	var name, proto string
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		name, proto = r.TLS.ServerName, r.Proto
	}))
	defer server.Close()
	h, _ := get(t, server, "/", definition.HTTPHeader{Name: "Host", Value: "shop.example:8443"})
	if r := ask(t, h, 10*time.Second); !r.OK || name != "shop.example" || proto != "HTTP/1.1" {
		t.Errorf("%+v, asked for %q by %s", r, name, proto)
	}
	h.HTTPGet.Scheme = "HTTP"
	if r := ask(t, h, 10*time.Second); r.OK || !strings.Contains(r.Message, "400 Bad Request") {
		t.Errorf("plain to TLS: %+v", r)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	h, _ = get(t, plain, "/")
	h.HTTPGet.Scheme = "HTTPS"
	if r := ask(t, h, 10*time.Second); r.OK || !strings.HasSuffix(r.Message, ": it answers, but not with TLS") {
		t.Errorf("TLS to plain: %+v", r)
	}
}

func TestHTTPRedirects(t *testing.T) {
	mux, hosts := http.NewServeMux(), map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts[r.URL.Path] = r.Host
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	to := func(code int, location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(code)
		}
	}
	tlsServer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer tlsServer.Close()
	mux.HandleFunc("/ill", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/well", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/to-well", to(302, "well"))
	mux.HandleFunc("/to-ill", to(307, "/ill"))
	mux.HandleFunc("/abs-ill", to(301, server.URL+"/ill"))
	mux.HandleFunc("/twice", to(302, "/to-ill"))
	gone := httptest.NewServer(http.NotFoundHandler())
	closed := gone.URL + "/x"
	gone.Close()
	mux.HandleFunc("/closed", to(302, closed))
	mux.HandleFunc("/loop", to(302, "/loop"))
	mux.HandleFunc("/out", to(302, "https://elsewhere.invalid/login"))
	mux.HandleFunc("/tls", to(308, tlsServer.URL+"/x")) // another port, the same host
	mux.HandleFunc("/nowhere", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) })
	mux.HandleFunc("/bad", to(302, "http://[broken"))
	mux.HandleFunc("/ftp", to(302, "ftp://127.0.0.1/x"))
	for _, test := range []struct {
		path, at, want string // at: the address that answered, where it isn't the first
		ok             bool
	}{
		{"/to-well", "", "", true},
		{"/to-ill", server.URL + "/ill", "500 Internal Server Error", false},
		{"/abs-ill", server.URL + "/ill", "500 Internal Server Error", false},
		{"/twice", server.URL + "/ill", "500 Internal Server Error", false},
		{"/loop", server.URL + "/loop", "stopped after 10 redirects", false},
		{"/out", "", "redirects to another host, which was not asked: https://elsewhere.invalid/login", true},
		{"/tls", tlsServer.URL + "/x", "418 I'm a teapot", false},
		{"/closed", closed, "connection refused", false},
		{"/nowhere", "", "", true},
		{"/bad", "", `redirects to "http://[broken", which is no address`, false},
		{"/ftp", "", `redirects to "ftp://127.0.0.1/x", which is neither http nor https`, false},
	} {
		h, base := get(t, server, test.path, definition.HTTPHeader{Name: "Host", Value: "shop"})
		r := ask(t, h, 10*time.Second)
		want := test.want
		if want != "" {
			at := base + test.path
			if test.at != "" {
				at += ", redirected to " + test.at
			}
			want = "GET " + at + ": " + want
		}
		if r.OK != test.ok || r.Message != want {
			t.Errorf("%s: %t %q, want %t %q", test.path, r.OK, r.Message, test.ok, want)
		}
	}
	if hosts["/well"] != "shop" {
		t.Errorf("a redirect within the host lost the Host header: %q", hosts["/well"])
	}
}

// TestHTTPHeadersStayWithTheirServer: another port may be another user's server, and gets neither password nor key.
func TestHTTPHeadersStayWithTheirServer(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		switch r.URL.Path {
		case "/other":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/same":
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	defer server.Close()
	secrets := []definition.HTTPHeader{{Name: "Authorization", Value: "Basic x"}, {Name: "Cookie", Value: "c=1"}, {Name: "X-Api-Key", Value: "k"},
		{Name: "User-Agent", Value: "mine"}}
	for path, want := range map[string]bool{"/other": false, "/same": true} {
		h, _ := get(t, server, path, secrets...)
		if r := ask(t, h, 10*time.Second); !r.OK {
			t.Errorf("%s: %+v", path, r)
		}
		for _, name := range []string{"Authorization", "Cookie", "X-Api-Key"} {
			if sent := got.Get(name) != ""; sent != want {
				t.Errorf("%s: %s sent: %t", path, name, sent)
			}
		}
		if got.Get("User-Agent") != "mine" {
			t.Errorf("%s: User-Agent is %q", path, got.Get("User-Agent"))
		}
	}
}

func TestHTTPEndlessBodyAndHeader(t *testing.T) {
	endless := func(head, piece string) (net.Listener, chan int) {
		l, written := listen(t), make(chan int, 1)
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			n, err := conn.Write([]byte(head))
			for err == nil {
				var m int
				m, err = conn.Write([]byte(piece))
				n += m
			}
			written <- n
		}()
		return l, written
	}
	body, written := endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 4096))
	if r := ask(t, httpTo(body), 10*time.Second); !r.OK {
		t.Errorf("a body without end: %+v", r)
	}
	<-written // the server noticed that we left
	header, written := endless("HTTP/1.1 200 OK\r\n", strings.Repeat("X-A: "+strings.Repeat("y", 4000)+"\r\n", 8))
	if r := ask(t, httpTo(header), 10*time.Second); r.OK || !strings.HasSuffix(r.Message, "the header of the answer is longer than any server's") {
		t.Errorf("a header without end: %+v", r)
	}
	<-written
}

func TestHTTPOddServers(t *testing.T) {
	for _, test := range []struct{ name, answer, want string }{
		{"closes at once", "", "the connection was closed before the answer was complete"},
		{"half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 2", "the connection was closed before the answer was complete"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "the connection was closed before the answer was complete"},
		{"another protocol", "220 mail ESMTP\r\n", `it answers, but not with HTTP (malformed HTTP status code "mail")`},
		{"interim answers", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ""},
		{"nothing but interim answers", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10), "100 Continue"},
		{"switching protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n\x00\x01", "101 Switching Protocols"},
		{"HTTP/1.0", "HTTP/1.0 200 fine\r\n\r\nok", ""},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ""},
		{"own reason", "HTTP/1.1 799 Very\tTired\r\n\r\n", "799 Very Tired"},
	} {
		l := listen(t)
		go serveOnce(l, test.answer)
		r := ask(t, httpTo(l), 10*time.Second)
		want := test.want
		if want != "" {
			want = "GET http://" + l.Addr().String() + "/: " + want
		}
		if r.OK != (test.want == "") || r.Message != want {
			t.Errorf("%s: %t %q, want %q", test.name, r.OK, r.Message, want)
		}
	}
}

// serveOnce reads a request, answers with the bytes given and closes.
func serveOnce(l net.Listener, answer string) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	buf := make([]byte, 4096)
	if _, err := conn.Read(buf); err != nil { // a GET fits into one segment on loopback
		return
	}
	conn.Write([]byte(answer)) //nolint:errcheck // the probe may have left
}

func TestHTTPTimeout(t *testing.T) {
	silent := listen(t) // accepts in the kernel, never answers
	before := runtime.NumGoroutine()
	begin := time.Now() // the deadline counts from before r.Duration does
	r := ask(t, httpTo(silent), 50*time.Millisecond)
	took := time.Since(begin)
	if want := "GET http://" + silent.Addr().String() + "/: no answer within 50ms"; r.OK || r.Message != want || took < 50*time.Millisecond {
		t.Errorf("%+v after %v, want %q", r, took, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan Result)
	go func() { done <- Run(ctx, httpTo(silent), nil) }()
	conn, err := silent.Accept() // the one above
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if conn, err = silent.Accept(); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if r := <-done; r.OK || !r.Unknown || !strings.HasSuffix(r.Message, ": called off") {
		t.Errorf("called off: %+v", r)
	}
	// Neither left anything running.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func httpTo(l net.Listener) definition.Handler {
	return definition.Handler{HTTPGet: &definition.HTTPGetAction{Port: port(l), Path: "/"}}
}
