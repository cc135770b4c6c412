package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/config"
)

// lineWriter gives the first line that is written to it.
type lineWriter chan string

func (w lineWriter) Write(p []byte) (int, error) {
	select {
	case w <- string(p):
	default:
	}
	return len(p), nil
}

// The observer of a machine without services answers, prints where, and ends when it is told to.
func TestObserve(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	out := make(lineWriter, 1)
	done := make(chan error)
	go func() {
		done <- run(ctx, out, io.Discard, config.Config{Listen: "127.0.0.1:0", Folder: t.TempDir(), Textfile: config.Textfile{Folder: t.TempDir(), Period: time.Hour}})
	}()
	url := strings.TrimPrefix(strings.TrimSpace(<-out), "metrics on ")
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if !bytes.Contains(body, []byte("daruma_build_info{")) {
		t.Errorf("%s", body)
	}
	// DNS rebinding: a page of another site, whose name leads here, may neither read the metrics nor send alerts.
	for path, host := range map[string]string{"/metrics": "evil.example:9490", "/": "evil.example", "/alertmanager": "evil.example"} {
		r, err := http.NewRequest("GET", strings.TrimSuffix(url, "/metrics")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s of %s: %s", path, host, answer.Status)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Two observers never count in one folder: the second refuses to start, with a folder of its own it doesn't, and when the first has ended the
// folder is free.
func TestTwoObservers(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	own, other := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "other")
	begin := func(folder string) (end func() error) {
		ctx, cancel := context.WithCancel(t.Context())
		out := make(lineWriter, 1)
		done := make(chan error, 1)
		go func() { done <- run(ctx, out, io.Discard, config.Config{Listen: "127.0.0.1:0", Folder: folder}) }()
		select {
		case <-out:
		case err := <-done:
			t.Fatal(err)
		}
		return func() error {
			cancel()
			return <-done
		}
	}
	end := begin(own)
	var errs bytes.Buffer
	code := Main([]string{"--listen", "127.0.0.1:0", "--folder", own}, io.Discard, &errs)
	if want := fmt.Sprintf("another observer (process %d) has the folder %s", os.Getpid(), own); code != 1 || !strings.Contains(errs.String(), want) {
		t.Errorf("a second one: %d, %s", code, errs.String())
	}
	if err := begin(other)(); err != nil {
		t.Error(err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if err := begin(own)(); err != nil {
		t.Error(err)
	}
}

// A folder that can't be made is said, and hides no service.
func TestObserveWithoutAFolder(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var errs bytes.Buffer
	out, done := make(lineWriter, 1), make(chan error, 1)
	go func() {
		done <- run(ctx, out, &errs, config.Config{Listen: "127.0.0.1:0", Folder: filepath.Join(file, "own")})
	}()
	select {
	case <-out:
		cancel()
		if err := <-done; err != nil || !strings.Contains(errs.String(), "the counters can't be kept") {
			t.Errorf("%v, %s", err, &errs)
		}
	case err := <-done:
		t.Fatal(err)
	}
	cancel()
}

func TestObserveRefuses(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for args, want := range map[string]string{
		"--listen=":               "nobody would get the metrics",
		"--listen=127.0.0.1:x":    "must be ADDRESS:PORT",
		"/nowhere.yaml":           "nowhere.yaml: there is no such file",
		"--every=1ms":             "at least 1s",
		"--textfile=/nowhere/dir": "nowhere",
		"--listen=192.0.2.1:9490": "give another address with --listen",
	} {
		var errs bytes.Buffer
		if code := Main(strings.Fields(args), io.Discard, &errs); code == 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: %d, %s", args, code, errs.String())
		}
	}
}

// A flag counts more than the file, and the file more than what is usual.
func TestConfiguration(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	dir := t.TempDir()
	file := filepath.Join(dir, "observe.yaml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:1\ntextfile: {folder: text, periodSeconds: 60}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text")
	for _, c := range []struct {
		args             []string
		flags            flags
		given            string
		listen, textfile string
		every            time.Duration
	}{
		{nil, flags{}, "", config.DefaultListen, "", 15 * time.Second},
		{nil, flags{textfile: dir}, "textfile", "", dir, 15 * time.Second},
		{nil, flags{textfile: dir, listen: "127.0.0.1:2"}, "textfile listen", "127.0.0.1:2", dir, 15 * time.Second},
		{[]string{file}, flags{}, "", "127.0.0.1:1", text, time.Minute},
		{[]string{file}, flags{textfile: dir, every: time.Second}, "textfile every", "127.0.0.1:1", dir, time.Second},
		{[]string{file}, flags{}, "listen", "", text, time.Minute},
	} {
		got, err := configuration(c.args, c.flags, func(flag string) bool { return slices.Contains(strings.Fields(c.given), flag) })
		if err != nil || got.Listen != c.listen || got.Textfile.Folder != c.textfile || got.Textfile.Period != c.every {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
}

// --test-notices says of each channel what came of it.
func TestTestNotices(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	var got atomic.Int32
	good := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	t.Cleanup(good.Close)
	file := filepath.Join(t.TempDir(), "observe.yaml")
	text := fmt.Sprintf("notices: {channels: {good: {type: webhook, url: %q}, bad: {type: webhook, url: \"http://127.0.0.1:1/\"}}}\n", good.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := Main([]string{"--test-notices", file}, &out, &errs)
	if code != 1 || got.Load() != 1 || !strings.Contains(out.String(), "good: sent") || !strings.Contains(out.String(), "bad: failed: dial tcp 127.0.0.1:1") ||
		!strings.Contains(errs.String(), "1 of 2 channels didn't take the test message") {
		t.Errorf("%d, %d messages\n%s\n%s", code, got.Load(), out.String(), errs.String())
	}
	if code := Main([]string{"--test-notices"}, io.Discard, io.Discard); code != 2 {
		t.Errorf("without notices: %d", code)
	}
}

// What Alertmanager posts to the observer's port arrives in a chat.
func TestAlertsBecomeNotices(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	got := make(chan string, 1)
	chat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	t.Cleanup(chat.Close)
	c, err := config.Parse(fmt.Appendf(nil, "listen: 127.0.0.1:0\nnotices: {alertmanager: {}, channels: {own: {type: webhook, url: %q}}}\n", chat.URL), "observe.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := make(lineWriter, 1)
	done := make(chan error)
	go func() { done <- run(ctx, out, io.Discard, c) }()
	url := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(<-out), "metrics on "), "/metrics") + "/alertmanager"
	body := `{"version":"4","groupKey":"g","alerts":[{"status":"firing","labels":{"alertname":"Slow"},"startsAt":"2026-11-28T03:00:00Z"}]}`
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
	answer.Body.Close()
	if text := <-got; !strings.Contains(text, "Alert: Slow") {
		t.Error(text)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
