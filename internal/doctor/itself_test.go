package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/access"
)

// program puts an executable called daruma into a new folder.
func program(t *testing.T) (folder, file string) {
	t.Helper()
	name := "daruma"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	folder = t.TempDir()
	file = filepath.Join(folder, name)
	if err := os.WriteFile(file, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder, file
}

func TestItself(t *testing.T) {
	folder, file := program(t)
	other, otherFile := program(t)
	empty := t.TempDir()
	nobody := func(string) error { return nil }
	path := func(folders ...string) string { return strings.Join(folders, string(os.PathListSeparator)) }
	for name, c := range map[string]struct {
		path    string
		exposed func(string) error
		check   string
		level   Level
		text    string
	}{
		"found":           {path(empty, folder), nobody, "path", OK, "and no other"},
		"found twice":     {path(folder, empty, folder), nobody, "path", OK, "and no other"},
		"not in PATH":     {path(empty), nobody, "path", Warn, "doesn't find it"},
		"no PATH":         {"", nobody, "path", Warn, "doesn't find it"},
		"another first":   {path(other, folder), nobody, "path", Warn, "PATH finds " + otherFile + " first"},
		"only another":    {path(other), nobody, "path", Warn, "PATH finds " + otherFile + " first"},
		"another behind":  {path(folder, other), nobody, "path", Warn, "behind this one: " + otherFile},
		"which it is":     {path(folder), nobody, "file", OK, file + " is daruma "},
		"safe":            {path(folder), nobody, "access", OK, "only administrators"},
		"open to others":  {path(folder), func(string) error { return &access.ExposedError{Where: folder, Who: "eve", What: "can write to it"} }, "access", Warn, "eve can write to it. Services can't"},
		"nobody can tell": {path(folder), func(string) error { return errors.New("no rights") }, "access", Skip, "no rights"},
	} {
		found := false
		for _, f := range itself(file, c.path, c.exposed) {
			if f.Level == Warn && f.Check == "path" && f.Remedy == "" {
				t.Errorf("%s: what is to be done isn't said: %+v", name, f)
			}
			found = found || f.Check == c.check && f.Level == c.level && strings.Contains(f.Text, c.text)
		}
		if !found {
			t.Errorf("%s: want %s %s %q, got %+v", name, c.level, c.check, c.text, itself(file, c.path, c.exposed))
		}
	}
}

// TestItselfIsNoFolder: what a terminal wouldn't run isn't taken for a daruma.
func TestItselfIsNoFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "daruma"), 0o755); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "daruma"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if found := darumasIn(strings.Join([]string{folder, data, "."}, string(os.PathListSeparator))); len(found) != 0 {
		t.Errorf("%q", found)
	}
}
