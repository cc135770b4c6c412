package incident

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestRecordIsntWrittenElsewhere: root, who runs a service in a folder of its account, must not be led to another file.
func TestRecordIsntWrittenElsewhere(t *testing.T) {
	for what, link := range map[string]func(victim, path string) error{"a link": os.Symlink, "a hard link": os.Link} {
		for _, file := range []string{"incidents.jsonl", "incidents.jsonl.alive"} {
			dir := t.TempDir()
			victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "incidents.jsonl")
			if err := os.WriteFile(victim, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := link(victim, filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
			if r, _, err := Open(path, Options{Service: "shop", Start: ServiceStarted}); err == nil {
				r.RecordWanted("api", true, "started")
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // it can't be written: there is nothing to wait for
				_ = r.Close(ctx)
				cancel()
			}
			if text, err := os.ReadFile(victim); err != nil || len(text) > 0 {
				t.Errorf("%s as %s: the other file holds %q, %v", what, file, text, err)
			}
		}
	}
}

// TestRecordOfStrangers: the service's account may put anything in the record's place. An administrator who reads it neither
// waits for ever nor reads something else.
func TestRecordOfStrangers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "incidents.jsonl")
	for what, put := range map[string]func(string) error{
		"a pipe":                    func(name string) error { return unix.Mkfifo(name, 0o600) },
		"a link to an endless file": func(name string) error { return os.Symlink("/dev/zero", name) },
		"a folder":                  func(name string) error { return os.Mkdir(name, 0o700) },
	} {
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil {
			t.Errorf("%s is taken for the record", what)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := put(alivePath(path)); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err != nil {
			t.Errorf("%s beside the record: %v", what, err)
		}
		if err := os.Remove(alivePath(path)); err != nil {
			t.Fatal(err)
		}
	}
}
