package command

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
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
		done <- run(ctx, out, io.Discard, settings{listen: "127.0.0.1:0", textfile: t.TempDir(), every: time.Hour})
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
		"--every=1ms":             "at least 1s",
		"--textfile=/nowhere/dir": "/nowhere/dir",
		"--listen=127.0.0.1:x":    "give another address with --listen",
	} {
		var errs bytes.Buffer
		if code := Main(strings.Fields(args), io.Discard, &errs); code == 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: %d, %s", args, code, errs.String())
		}
	}
}
