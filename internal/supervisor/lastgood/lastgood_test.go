package lastgood

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestStore(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir, "shop"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v before anything was stored", err)
	}
	s := NewStore(dir, "shop", func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	for _, source := range []string{"name: a\n", "name: b\n", "\ufeffname: \"é<\"\r\n"} {
		s.Save(&definition.Service{File: "/etc/daruma.yaml", Source: []byte(source)})
	}
	s.Close(time.Minute)
	d, err := Load(dir, "shop")
	if err != nil || d.File != "/etc/daruma.yaml" || d.Source != "\ufeffname: \"é<\"\r\n" || time.Since(d.Loaded) > time.Minute {
		t.Errorf("%+v, %v", d, err)
	}

	// What is stored already isn't written again, and its time stays.
	s.Save(&definition.Service{File: d.File, Source: []byte(d.Source)})
	s.Close(time.Minute)
	if again, err := Load(dir, "shop"); err != nil || !again.Loaded.Equal(d.Loaded) {
		t.Errorf("%+v, %v", again, err)
	}
}

// TestFailure: a folder that is gone is reported, and nothing waits.
func TestFailure(t *testing.T) {
	failed := make(chan error, 1)
	s := NewStore(filepath.Join(t.TempDir(), "gone"), "shop", func(err error) { failed <- err })
	s.Save(&definition.Service{File: "/x"})
	if err := <-failed; !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	s.Close(time.Minute)
}

func TestBroken(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, "shop"); err == nil {
		t.Error("half a file was taken")
	}
}
