package folders

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNamesIn: the folders of the system's services are named, links too that nobody may follow, each once.
func TestNamesIn(t *testing.T) {
	root := t.TempDir()
	f := Folders{Config: filepath.Join(root, "etc", "x"), State: filepath.Join(root, "lib", "x"), Run: filepath.Join(root, "run", "x")}
	for _, dir := range []string{"etc/shop", "etc/never-ran", "lib/Odd", "run/shop"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"lib/shop": "private/shop", "lib/old": "private/old"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "run", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(f); !slices.Equal(names, []string{"never-ran", "old", "shop"}) {
		t.Errorf("%q", names)
	}
	if names := namesIn(Folders{Config: "/nowhere/a/x", State: "/nowhere/b/x", Run: "/nowhere/c/x"}); len(names) != 0 {
		t.Errorf("%q", names)
	}
}

// TestWithoutAHome: cron and containers have no HOME; what to set is said.
func TestWithoutAHome(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	if _, err := userBase(); err == nil || !strings.Contains(err.Error(), "set DARUMA_HOME") {
		t.Errorf("%v", err)
	}
	t.Setenv("HOME", "/srv/ann")
	if base, err := userBase(); err != nil || base != "/srv/ann/.local/state" {
		t.Errorf("%s, %v", base, err)
	}
}
