package ensure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/folders"
)

func TestWish(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	if _, ok := LoadWish(place); ok {
		t.Error("a note where there is none")
	}
	want := func(folder string, wanted bool, why string) {
		t.Helper()
		if err := Want(folder, wanted, why); err != nil {
			t.Fatal(err)
		}
		if w, ok := LoadWish(place); !ok || w.Wanted != wanted || w.Why != why {
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
	if err := Want(filepath.Join(place.State, "gone"), true, ""); err == nil {
		t.Error("a note in a folder that isn't there")
	}
}

// TestWishOfStrangers: the service's account may write anything into State.
func TestWishOfStrangers(t *testing.T) {
	place := folders.Folders{Config: t.TempDir(), State: t.TempDir()}
	path := filepath.Join(place.State, wishFile)
	for _, text := range []string{"", "{", "null", "[]", `{"wanted":false}`, `{"wanted":"no","at":"2026-01-01T00:00:00Z"}`,
		`{"wanted":false,"boot":"another","at":"2026-01-01T00:00:00Z"}`, `{"why":"` + strings.Repeat("x", 1<<20) + `"}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if w, ok := LoadWish(place); ok {
			t.Errorf("%.40s is taken for %+v", text, w)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok := LoadWish(place); ok {
		t.Error("a folder is taken for a note")
	}
}
