package safefile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/wine"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if _, err := Open(path); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrRefused) {
		t.Errorf("a file that isn't there: %v", err)
	}
	if _, err := OpenFile(path, os.O_RDWR, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that isn't there, without O_CREATE: %v", err)
	}
	write := func(flag int, text string) {
		t.Helper()
		f, err := OpenFile(path, flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	write(os.O_WRONLY|os.O_CREATE|os.O_EXCL, "abc")
	write(os.O_RDWR|os.O_CREATE, "x")
	if got := content(t, path); got != "xbc" {
		t.Errorf("%q, want what was there, written over", got)
	}
	write(os.O_WRONLY|os.O_TRUNC, "y")
	if got := content(t, path); got != "y" {
		t.Errorf("%q, want it emptied first", got)
	}
	if _, err := OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("O_EXCL of what exists: %v", err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("z"); err == nil {
		t.Error("a file that was opened for reading can be written to")
	}
}

func TestReadFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	writeFile(t, path, "12345")
	if got, err := ReadFile(path, 5); string(got) != "12345" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := ReadFile(path, 4); got != nil || err == nil || !strings.Contains(err.Error(), "longer than 4 bytes") {
		t.Errorf("%q, %v", got, err)
	}
}

// TestTruncatesOnlyWhatIsChecked: what is refused must not have lost its content by then.
func TestTruncatesOnlyWhatIsChecked(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	writeFile(t, other, "keep me")
	if err := os.Link(other, path); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0); !errors.Is(err, ErrRefused) {
		t.Errorf("a second hard link: %v", err)
	}
	if got := content(t, other); got != "keep me" {
		t.Errorf("%q", got)
	}
}

// TestRefusals: for reading and for writing, with O_CREATE and without.
func TestRefusals(t *testing.T) {
	for what, c := range strangers() {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path, victim := filepath.Join(dir, "file"), filepath.Join(dir, "victim")
			writeFile(t, victim, "keep me")
			if err := c.put(path, victim); err != nil {
				t.Skipf("this system can't make one: %v", err)
			}
			if strings.Contains(what, "link") && !c.readable && wine.Running() {
				t.Skip("Wine doesn't open links themselves, only what they lead to")
			}
			for how, flag := range map[string]int{"reading": os.O_RDONLY, "writing": os.O_WRONLY, "both": os.O_RDWR | os.O_CREATE, "emptying": os.O_RDWR | os.O_TRUNC} {
				f, err := OpenFile(path, flag, 0o600)
				if flag == os.O_RDONLY && c.readable {
					if err != nil {
						t.Errorf("for reading: %v", err)
						continue
					}
					_ = f.Close()
					continue
				}
				if err == nil {
					_ = f.Close()
				}
				if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), path) {
					t.Errorf("for %s: %v", how, err)
				}
			}
			if got := content(t, victim); got != "keep me" {
				t.Errorf("the other file holds %q", got)
			}
		})
	}
}

// stranger puts something in the place of a file; victim is a file that must not be touched.
type stranger struct {
	put      func(path, victim string) error
	readable bool
}

func strangers() map[string]stranger {
	all := map[string]stranger{
		"link":           {put: func(path, victim string) error { return os.Symlink(victim, path) }},
		"broken link":    {put: func(path, victim string) error { return os.Symlink(victim+"2", path) }},
		"folder":         {put: func(path, _ string) error { return os.Mkdir(path, 0o700) }},
		"two hard links": {put: func(path, victim string) error { return os.Link(victim, path) }, readable: true},
	}
	for what, s := range systemStrangers() {
		all[what] = s
	}
	return all
}

// FuzzReadFile: whatever stands there, the bytes that are given are those of the file, and never more than the limit.
func FuzzReadFile(f *testing.F) {
	f.Add([]byte(""), int64(0))
	f.Add([]byte("abc"), int64(2))
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, text []byte, limit int64) {
		if limit %= 1 << 16; limit < 0 {
			limit = -limit
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(path, limit)
		if fits := int64(len(text)) <= limit; fits != (err == nil) || fits && !bytes.Equal(got, text) || !fits && got != nil {
			t.Errorf("%q with a limit of %d: %q, %v", text, limit, got, err)
		}
	})
}
