package stopped

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSave(t *testing.T) {
	dir := t.TempDir()
	if got := Load(dir); got != nil {
		t.Errorf("%v before anything was saved", got)
	}
	if err := Save(dir, nil); err != nil {
		t.Error("nothing to forget is no error:", err)
	}
	if err := Save(dir, []string{"api", "web"}); err != nil {
		t.Fatal(err)
	}
	if got := Load(dir); !slices.Equal(got, []string{"api", "web"}) {
		t.Errorf("%v", got)
	}
	if err := Save(dir, nil); err != nil {
		t.Fatal(err)
	}
	if got := Load(dir); got != nil {
		t.Errorf("%v after all were started", got)
	}
}

// TestOtherBoot: what was stopped before a boot is started by it.
func TestOtherBoot(t *testing.T) {
	for name, text := range map[string]string{"other boot": `{"boot":"x","programs":["api"]}`, "broken": "{"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), fmt.Append(nil, text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Load(dir); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
