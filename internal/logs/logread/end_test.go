package logread

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestEndWithoutCurrentFile: behind all rotated files, where there is no current one, nothing is read again; what is written then is.
func TestEndWithoutCurrentFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "api.log")
	write := func(what string, lines int) {
		w, err := logfile.NewWriter(file, logfile.Settings{MaxSize: 10_000, MaxFiles: 100})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for n := range lines {
			if _, err := fmt.Fprintln(w, what, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("old", 3000)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	end, err := End(dir, "api")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Follow(dir, "api", end, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if line, _, ok, err := f.Next(); ok || err != nil {
		t.Fatalf("%q %v", line.Text, err)
	}
	write("new", 1)
	if line, _, ok, err := f.Next(); !ok || err != nil || string(line.Text) != "new 0" {
		t.Errorf("%q %v %v", line.Text, ok, err)
	}
}
