package wanted

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
)

func TestWanted(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	if _, ok := Load(place); ok {
		t.Error("a note where there is none")
	}
	want := func(folder string, wanted bool, why string) {
		t.Helper()
		if err := Save(folder, wanted, why); err != nil {
			t.Fatal(err)
		}
		if w, ok := Load(place); !ok || w.Wanted != wanted || w.Why != why {
			t.Errorf("%+v %v, want %v %s", w, ok, wanted, why)
		}
	}
	want(place.Config, false, "installed")
	want(place.State, true, "started") // the later one counts
	want(place.State, false, "stopped")
	want(place.State, true, "started again")
	want(place.Config, false, "installed again")
	if left, _ := filepath.Glob(filepath.Join(place.State, ".*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := Save(filepath.Join(place.State, "gone"), true, ""); err == nil {
		t.Error("a note in a folder that isn't there")
	}
}

// TestWantedOfStrangers: the service's account may write anything into State.
func TestWantedOfStrangers(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	path := filepath.Join(place.State, fileName)
	for _, text := range []string{"", "{", "null", "[]", `{"wanted":false}`, `{"wanted":"no","at":"2026-01-01T00:00:00Z"}`,
		`{"wanted":false,"boot":"another","at":"2026-01-01T00:00:00Z"}`, `{"why":"` + strings.Repeat("x", 1<<20) + `"}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if w, ok := Load(place); ok {
			t.Errorf("%.40s is taken for %+v", text, w)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(place); ok {
		t.Error("a folder is taken for a note")
	}
}

// TestWhyIsOneLine: the reason is shown in an administrator's terminal.
func TestWhyIsOneLine(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	if err := Save(place.State, false, "a\x1b]0;evil\x07\r\nshop runs\u009b2J\u202e\u2028x"); err != nil {
		t.Fatal(err)
	}
	if w, ok := Load(place); !ok || w.Why != "a ]0;evil   shop runs 2J  x" {
		t.Errorf("%v %q", ok, w.Why)
	}
}

// FuzzLoad: whatever the service's account writes, the reason is one short line, and a note of another boot counts for nothing.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"wanted":false,"why":"stopped","boot":"` + incident.Boot() + `","at":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"wanted":true,"why":"\u001b[2J","boot":"x","at":"9999-12-31T23:59:59Z"}`))
	f.Add([]byte("null"))
	place := folders.Folders{Config: f.TempDir(), State: f.TempDir()}
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(place.State, fileName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		w, ok := Load(place)
		if !ok && w != (State{}) {
			t.Errorf("%+v is none, and was given", w)
		}
		if ok && (w.Boot != incident.Boot() || w.At.IsZero() || len(w.Why) > 4*maxFile || strings.ContainsFunc(w.Why, unicode.IsControl)) {
			t.Errorf("%+v", w)
		}
	})
}
