package safefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, options := range [][]Option{nil, {Unsynced}, {Private}, {Private, Unsynced}} {
		for _, text := range []string{"first", "", "a longer one"} {
			if err := Replace(path, []byte(text), 0o600, options...); err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != text {
				t.Errorf("%q, want %q", got, text)
			}
		}
	}
	if err := Replace(filepath.Join(dir, "gone", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that isn't there: %v", err)
	}
	if err := Replace(dir, nil, 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestReplaceFails: an error of whoever writes leaves the old file, and nothing beside it.
func TestReplaceFails(t *testing.T) {
	dir := t.TempDir()
	path, broken := filepath.Join(dir, "file"), errors.New("broken")
	writeFile(t, path, "old")
	err := ReplaceFunc(path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if got := content(t, path); got != "old" {
		t.Errorf("%q", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestReplaceIsWhole: several write at once, and whoever reads sees what one of them wrote, all of it.
func TestReplaceIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	texts := []string{strings.Repeat("a", 50_000), strings.Repeat("b", 20_000), "c"}
	writeFile(t, path, texts[0])
	var writers sync.WaitGroup
	done := make(chan struct{})
	for _, text := range texts {
		writers.Go(func() {
			for range 10 {
				err := Replace(path, []byte(text), 0o600, Unsynced)
				if err != nil && !errors.Is(err, fs.ErrPermission) { // Windows: another held the file for longer than a second
					t.Error(err)
				}
			}
		})
	}
	go func() {
		writers.Wait()
		close(done)
	}()
	tick := time.NewTicker(5 * time.Millisecond) // whoever reads without a pause keeps others from renaming on Windows
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		got, err := ReadFile(path, 1<<20)
		if err != nil && !errors.Is(err, fs.ErrPermission) { // Windows: in the moment of the renaming
			t.Fatal(err)
		}
		if err == nil && string(got) != texts[0] && string(got) != texts[1] && string(got) != texts[2] {
			t.Fatalf("%d bytes, %.10q…: torn", len(got), got)
		}
	}
}

// TestReplaceClearsUp what a process left that was killed, and not what another is writing now.
func TestReplaceClearsUp(t *testing.T) {
	dir := t.TempDir()
	old, fresh, other := filepath.Join(dir, ".file.new-1"), filepath.Join(dir, ".file.new-2"), filepath.Join(dir, ".file2.new-1")
	for _, path := range []string{old, fresh, other} {
		writeFile(t, path, "half")
	}
	past := time.Now().Add(-2 * temporaryAge)
	for _, path := range []string{old, other} {
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{old: false, fresh: true, other: true} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
}

func TestRenameNewReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	writeFile(t, from, "from")
	writeFile(t, to, "to")
	if err := RenameNew(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	if content(t, to) != "to" || content(t, from) != "from" {
		t.Error("a file has changed")
	}
	if err := RenameNew(from, to+"2"); err != nil || content(t, to+"2") != "from" {
		t.Errorf("%v", err)
	}
	if err := RenameNew(from, to+"3"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that isn't there: %v", err)
	}
}

func TestCreatePrivateIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, want := range []error{nil, fs.ErrExist} {
		f, err := CreatePrivate(path)
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if err == nil {
			_ = f.Close()
		}
	}
}
