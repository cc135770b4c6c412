package logs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// Somebody cuts the current file off while it is written to: logrotate's copytruncate.
func TestAFileThatIsCutOffGetsNoHole(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			b := newBench(t, Options{})
			k := b.sink("api", logfile.Settings{Format: format})
			c, w := b.attach(k, 1, "stdout")
			long := strings.Repeat("before ", 5000)
			put(t, k, w, long+"\n")
			f := follow(b.dir, logread.Query{Programs: []string{"api"}})
			defer f.stop()
			next(t, f, long+"\n")
			path := filepath.Join(b.dir, "api.log")
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
			put(t, k, w, "after\n")
			next(t, f, "after\n")
			w.Close()
			drain(t, c)
			data, err := os.ReadFile(path)
			if err != nil || bytes.IndexByte(data, 0) >= 0 || !bytes.Contains(data, []byte("after")) || len(data) > 1000 {
				t.Errorf("%d bytes, %q: %v", len(data), data[:min(len(data), 200)], err)
			}
			lines := readAll(t, b.dir, logread.Query{Programs: []string{"api"}})
			if len(lines) != 1 || string(lines[0].Text) != "after" || time.Since(lines[0].Time) > time.Minute {
				t.Errorf("read back: %+v", lines)
			}
		})
	}
}

// Cut off between the look and the write, it has a hole: what is read begins behind it.
func TestAHoleAtTheFrontIsSkipped(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"api.log", "api.00000001-20261122T102938Z.log"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err == nil {
			_, err = f.WriteAt([]byte("after "+name+"\n"), 1<<20+100)
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, last := range []int{0, 10} {
		if got := texts(readAll(t, dir, logread.Query{Last: last})); got != "after api.00000001-20261122T102938Z.log\nafter api.log\n" {
			t.Errorf("last %d: %d bytes: %.200q", last, len(got), got)
		}
	}
	// NULs that a program wrote are its output.
	if err := os.WriteFile(filepath.Join(dir, "nul.log"), append(make([]byte, 10), "x\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if lines := readAll(t, dir, logread.Query{Programs: []string{"nul"}}); len(lines) != 1 || len(lines[0].Text) != 11 {
		t.Errorf("NULs of a program: %+v", lines)
	}
}

// A file that is renamed is left at once: logrotate compresses it a moment later.
func TestARenamedFileIsLeftAtOnce(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	c, w := b.attach(k, 1, "stdout")
	path := filepath.Join(b.dir, "api.log")
	var want strings.Builder
	for _, line := range []string{"one\n", "two\n", "three\n"} {
		put(t, k, w, line)
		want.WriteString(line)
		if err := os.Rename(path, filepath.Join(b.dir, strings.TrimSpace(line))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // sleep: more than between two looks at the path
	}
	put(t, k, w, "last\n")
	w.Close()
	drain(t, c)
	for name, text := range map[string]string{"one": "one\n", "two": "two\n", "three": "three\n", "api.log": "last\n"} {
		if data, err := os.ReadFile(filepath.Join(b.dir, name)); err != nil || string(data) != text {
			t.Errorf("%s has %q, want %q: %v", name, data, text, err)
		}
	}
}

// next waits for the next line that a follower shows.
func next(t *testing.T, f *follower, want string) {
	t.Helper()
	select {
	case got := <-f.text:
		if got != want {
			t.Fatalf("it shows %.100q, want %.100q", got, want)
		}
	case err := <-f.done:
		t.Fatalf("it ended: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatalf("it shows nothing, want %.100q", want)
	}
}
