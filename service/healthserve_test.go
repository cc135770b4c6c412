package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/internal/healthserver"
)

// serving runs a service that serves its health, and gives the address.
func serving(t *testing.T, db *stubCheck) (address string, stop func() error) {
	t.Helper()
	at := make(chan string, 1)
	mail := newMailbox()
	s := Service{Name: "serving", Logger: slog.New(slog.DiscardHandler), Run: func(ctx context.Context, host *Host) error {
		host.Health().Readiness(Check{Name: "db", Run: db.check, Every: 10 * time.Millisecond, Threshold: 1})
		host.Health().Liveness(Check{Name: "loop", Run: func(context.Context) error { return nil }})
		addr, err := host.Health().Serve("localhost:0")
		if err != nil {
			return err
		}
		host.Ready()
		at <- addr.String()
		<-ctx.Done()
		return nil
	}}
	r := newRunner(s.withDefaults(), surroundings{Platform: &fakePlatform{}}, mail, nil)
	ended := make(chan error, 1)
	go func() { ended <- r.run(context.Background()) }()
	select {
	case address = <-at:
	case err := <-ended:
		t.Fatal(err)
	}
	return address, func() error {
		mail.post(stopMessage(ReasonTerminate))
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("it doesn't end")
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if ct := response.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/plain") || !response.Close {
		t.Errorf("content type %q, close %v", ct, response.Close)
	}
	return response.StatusCode, string(body)
}

// await asks until the answer has the status.
func awaitStatus(t *testing.T, url string, status int) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if got, body := get(t, url); got == status {
			return body
		}
		time.Sleep(5 * time.Millisecond) // sleep: a check tells nobody when it has run
	}
	t.Fatalf("%s never answered %d", url, status)
	return ""
}

func TestServe(t *testing.T) {
	var db stubCheck
	address, stop := serving(t, &db)
	if !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("localhost became %s", address)
	}
	url := "http://" + address
	awaitStatus(t, url+"/readyz", 200)
	for path, want := range map[string]string{
		"/livez":                    "200 ok",
		"/readyz":                   "200 ok",
		"/livez?verbose":            "200 [+]heartbeat ok\n[+]loop ok\nlivez check passed\n",
		"/readyz?verbose=":          "200 [+]service ok\n[+]db ok\nreadyz check passed\n",
		"/readyz?timeout=1&verbose": "200 [+]service ok\n[+]db ok\nreadyz check passed\n",
		"/":                         "404 there are /livez and /readyz\n",
		"/livezz":                   "404 there are /livez and /readyz\n",
	} {
		status, body := get(t, url+path)
		if got := fmt.Sprintf("%d %s", status, body); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	db.set(errors.New("connection\nrefused"))
	if body := awaitStatus(t, url+"/readyz", 503); body != "[+]service ok\n[-]db failed: connection refused\nreadyz check failed\n" {
		t.Errorf("unready: %q", body)
	}
	if status, _ := get(t, url+"/livez"); status != 200 {
		t.Errorf("livez %d: readiness is no matter of life", status)
	}
	head, err := http.Head(url + "/livez")
	if err != nil || head.StatusCode != 200 || head.ContentLength != 2 {
		t.Errorf("HEAD: %v, %v", head, err)
	}
	post, err := http.Post(url+"/livez", "text/plain", strings.NewReader("x"))
	if err != nil || post.StatusCode != 405 || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %v, %v", post, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("it is still served after the end")
	}
}

// Whoever connects and says nothing, or too much, holds up neither others nor the end.
func TestServeHostile(t *testing.T) {
	var db stubCheck
	address, stop := serving(t, &db)
	var silent []net.Conn
	for range healthserver.MaxClients / 2 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		silent = append(silent, conn)
	}
	for request, want := range map[string]string{
		"hello\r\n": "400", "GET livez HTTP/1.1\r\n\r\n": "400", "GET /livez\r\n\r\n": "400", "GET /livez SSH/1\r\n\r\n": "400",
		"GET /livez HTTP/1.1\r\nA: " + strings.Repeat("x", healthserver.MaxRequest) + "\r\n\r\n": "400", "GET /livez HTTP/1.0\r\n\r\n": "200",
		"GET /livez HTTP/1.1\n\n": "200",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(request))
		line, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if len(request) > healthserver.MaxRequest {
			continue // what is left unread makes the kernel reset the connection, with or without the answer
		}
		if err != nil || !strings.Contains(line, " "+want+" ") {
			t.Errorf("%.30q: %q, %v; want %s", request, line, err, want)
		}
	}
	began := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > healthserver.Timeout/2 {
		t.Errorf("%d silent connections held up the end for %v", len(silent), took)
	}
}

func TestServeRefuses(t *testing.T) {
	h := &Health{host: &Host{life: context.Background()}}
	for _, address := range []string{"", ":8081", "0.0.0.0:8081", "[::]:8081", "192.0.2.1:80", "example.com:80", "127.0.0.1", "127.0.0.1.example.com:1"} {
		if addr, err := h.Serve(address); err == nil {
			t.Errorf("%q was served at %v", address, addr)
		}
	}
	for address, want := range map[string]string{"LOCALHOST:1": "127.0.0.1:1", "127.9.8.7:1": "127.9.8.7:1", "[::1]:1": "[::1]:1", "[::ffff:127.0.0.1]:1": "[::ffff:127.0.0.1]:1"} {
		if got, err := loopback(address); err != nil || got != want {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	taken := httptest.NewServer(nil)
	defer taken.Close()
	if _, err := h.Serve(taken.Listener.Addr().String()); err == nil {
		t.Error("a taken port was served")
	}
}
