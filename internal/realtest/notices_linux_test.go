package realtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
	"github.com/daruma-sh/daruma/internal/observe/notice/notifier"
)

// received is what a webhook is sent.
type received struct {
	ID      string          `json:"id"`
	Title   string          `json:"title"`
	Text    string          `json:"text"`
	Command string          `json:"command"`
	Notices []notice.Notice `json:"notices"`
}

// inbox is a webhook that keeps what it gets.
func inbox(t *testing.T) (address string, got chan received) {
	got = make(chan received, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var one received
		if err := json.Unmarshal(body, &one); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		got <- one
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

// observer runs the notices of an observer that sees the service, until stop is called.
func (s *service) observer(state, address string) (stop func()) {
	s.t.Helper()
	s.t.Setenv("DARUMA_HOME", s.home)
	n, err := notifier.Open(notifier.Options{
		Config: notifier.Config{Machine: "m1", Channels: []notifier.Channel{{Name: "own", Config: channel.Config{Type: "webhook", URL: address}}}},
		State:  state, Say: func(line string) { s.t.Log("the observer says: ", line) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	return func() {
		cancel()
		<-done
		if err := n.Close(); err != nil {
			s.t.Error(err)
		}
	}
}

// TestNotices: a program that falls for good is told, with what it printed and the command that says more, and told once, whatever becomes of
// observers. One that falls while no observer is there is told when there is one again.
func TestNotices(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, `name: real
programs:
  it: {command: [/bin/sh, -c, 'echo "[free](http://evil) disk on fire"; exec sleep 1000'], restartPolicy: Never}
  other: {command: [/bin/sh, -c, 'exec sleep 1000'], restartPolicy: Never}
  last: {command: [/bin/sh, -c, 'exec sleep 1000']}
`)
	s.awaitReady("it", 0)
	s.awaitReady("other", 0)
	address, got := inbox(t)
	state := filepath.Join(dir, "observer")
	stop := s.observer(state, address)
	_, it := s.status("it")
	kill(t, it.PID)
	one := <-got
	if one.Title != "real/it was given up (m1)" || !strings.Contains(one.Text, "SIGKILL") || !strings.Contains(one.Text, "disk on fire") ||
		!strings.HasPrefix(one.Command, "daruma logs real/it --since ") {
		t.Errorf("%+v", one)
	}
	stop()
	_, other := s.status("other")
	kill(t, other.PID)
	s.eventually("the second is down", func() bool { _, p := s.status("other"); return p.PID == 0 })
	stop = s.observer(state, address)
	if one := <-got; one.Title != "real/other was given up (m1)" {
		t.Errorf("%+v", one)
	}
	stop()
	s.observer(state, address)()
	select {
	case one := <-got:
		t.Errorf("told again: %+v", one)
	default:
	}
}
