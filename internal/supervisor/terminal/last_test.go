package terminal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

// TestLastWords: whatever happened and was written before Close is printed, of programs that had no log at the start too, to the byte.
func TestLastWords(t *testing.T) {
	dir := t.TempDir()
	hub := &control.Hub{}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	printed := make(chan string)
	go func() {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r)
		printed <- b.String()
	}()
	p := newTo(t.Context(), w, dir, []string{"api"}, hub)
	for _, name := range []string{"api", "new"} {
		text := strings.Repeat("a line\n", 5000) + "last words of " + name
		if err := os.WriteFile(filepath.Join(dir, name+".log"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 100 {
		hub.Publish(control.Event{Kind: control.EventStopped, Reason: fmt.Sprint("event ", n)})
	}
	p.Close()
	w.Close()
	text := <-printed
	for _, want := range []string{"last words of api\n", "last words of new\n", "event 99\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't printed", want)
		}
	}
	if n := strings.Count(text, "a line\n"); n != 10_000 {
		t.Errorf("%d lines of 10,000 are printed", n)
	}
}

// TestHeldTerminal: one that takes nothing holds up the end for about a second, and no longer.
func TestHeldTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "api.log"), bytes.Repeat([]byte("line\n"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	newTo(context.Background(), w, dir, nil, &control.Hub{}).Close() // a hang fails by the test's own time limit
}
