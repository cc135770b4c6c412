package command

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/observe/config"
)

// The address that daruma ui prints lets one browser in, and it ends when it is told to.
func TestUI(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	out := make(lineWriter, 1)
	done := make(chan error)
	go func() { done <- runUI(ctx, out, io.Discard, config.Config{}, 0, false) }()
	address, err := url.Parse(strings.TrimSpace(<-out))
	if err != nil || !strings.HasSuffix(address.Hostname(), ".localhost") {
		t.Fatal(address, err)
	}
	here := "127.0.0.1:" + address.Port()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, here) // as browsers do; not every resolver knows the name
	}}
	get := func(jar http.CookieJar, url string) (status int, body string) {
		t.Helper()
		answer, err := (&http.Client{Transport: transport, Jar: jar}).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	jar, _ := cookiejar.New(nil)
	top := "http://" + address.Host + "/"
	if status, _ := get(jar, top); status != http.StatusUnauthorized {
		t.Error("before the token:", status)
	}
	if status, text := get(jar, address.String()); status != http.StatusOK {
		t.Error(status, text)
	}
	if status, text := get(jar, top); status != http.StatusOK || !strings.Contains(text, "No service is known here") {
		t.Error(status, text)
	}
	other, _ := cookiejar.New(nil)
	if status, _ := get(other, address.String()); status != http.StatusForbidden {
		t.Error("the token again:", status)
	}
	if status, _ := get(jar, "http://"+here+"/"); status != http.StatusMisdirectedRequest {
		t.Error("another name:", status)
	}
	transport.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The token stands in no argument of a process: the browser is given a file that leads to it, for this user alone, which goes at the end.
func TestBrowserFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	file, end, err := browserFile(`http://x.localhost:1/enter?token=A&b="<`)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "url=http://x.localhost:1/enter?token=A&amp;b=&#34;&lt;\"") {
		t.Errorf("%v %s", err, text)
	}
	end()
	if _, err := os.Stat(file); err == nil {
		t.Error("it is left")
	}
}

// Where somebody has the port on one of the two addresses, it isn't used.
func TestLoopbackIsWhole(t *testing.T) {
	six, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6, so nobody can have its port there: %v", err)
	}
	defer six.Close()
	listeners, err := loopback(uint16(six.Addr().(*net.TCPAddr).Port))
	if err == nil || !strings.Contains(err.Error(), "give another --port") {
		t.Errorf("%v %v", listeners, err)
	}
}
