package command

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		done <- run(ctx, out, io.Discard, config.Config{Listen: "127.0.0.1:0", Textfile: config.Textfile{Folder: t.TempDir(), Period: time.Hour}})
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
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
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
