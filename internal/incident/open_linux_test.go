package incident

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

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
