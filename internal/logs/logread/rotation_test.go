package logread

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestFileIsRotatedWhileItIsOpened: between the opening of the current file and its comparison with a kept position, the file is rotated.
// The index beside its name is another file's then, of another birth; what was read must not come again.
func TestFileIsRotatedWhileItIsOpened(t *testing.T) {
	dir := t.TempDir()
	w, err := logfile.NewWriter(filepath.Join(dir, "api.log"), logfile.Settings{MaxSize: 1000, MaxFiles: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	lines := 0
	write := func(upTo int) {
		for ; lines < upTo; lines++ {
			if _, err := fmt.Fprintf(w, "line %03d\n", lines); err != nil {
				t.Fatal(err)
			}
		}
	}
	warn := func(err error) { t.Error(err) }

	write(5)
	f, err := Follow(dir, "api", Position{}, warn)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	read := func(f *Follower, upTo int) {
		t.Helper()
		for ; next < upTo; next++ {
			line, at, ok, err := f.Next()
			if want := fmt.Sprintf("line %03d", next); !ok || err != nil || string(line.Text) != want {
				t.Fatalf("%q at %+v (%v, %v), want %q", line.Text, at, ok, err, want)
			}
		}
	}
	read(f, 3)
	kept := f.Position()
	f.Close()

	// The steps of Follow, with a rotation in between.
	f = &Follower{t: programReader{dir: dir, program: "api", follow: true, whole: true, warn: warn}}
	defer f.Close()
	if err := f.t.begin(Query{}); err != nil {
		t.Fatal(err)
	}
	opened := f.t.seq
	write(150) // 9 bytes each: the file is full after 111
	f.t.seekPosition(kept)
	if f.t.hasItsName() || f.t.seq != opened {
		t.Fatal("the file wasn't rotated while it was opened")
	}
	read(f, lines)
	if line, _, ok, err := f.Next(); ok || err != nil {
		t.Errorf("after the last line: %q (%v, %v)", line.Text, ok, err)
	}
}
