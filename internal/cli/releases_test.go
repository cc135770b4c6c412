package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleases goes through the verbs with a service that doesn't run; package realtest has one that does.
func TestReleases(t *testing.T) {
	home(t)
	dir, out := shopFolder(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bin", "server.exe"), []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := func(version string) string {
		path := filepath.Join(out, version+".zip")
		daruma(t, ExitDone, "pack", dir, "--version", version, "-o", path)
		return path
	}
	first, second := file("1.0.0"), file("1.1.0")
	text, _ := daruma(t, ExitDone, "releases", "shop")
	has(t, text, "no release of shop was deployed here")
	_, said := daruma(t, ExitUsage, "deploy", first)
	has(t, said, "isn't signed", "--unsigned")
	text, _ = daruma(t, ExitDone, "deploy", first, "--unsigned", "--dry-run")
	has(t, text, "shop: from no release to 1.0.0, 1 program: api", "nothing was changed")
	text, said = daruma(t, ExitDone, "deploy", first, "--unsigned")
	has(t, text, "shop 1.0.0 is in place", "Start it: daruma run ")
	has(t, said, "isn't verified")
	daruma(t, ExitDone, "deploy", second, "--unsigned")
	text, _ = daruma(t, ExitDone, "releases", "shop")
	if !strings.HasPrefix(text, "* 1.1.0 ") || !strings.Contains(text, "\n  1.0.0 ") {
		t.Error(text)
	}
	_, said = daruma(t, ExitUsage, "deploy", first, "--unsigned")
	has(t, said, "older than 1.1.0", "daruma rollback shop", "--downgrade")
	text, _ = daruma(t, ExitDone, "rollback", "shop")
	has(t, text, "shop: 1.0.0 is in force again")
	text, _ = daruma(t, ExitDone, "releases", "shop", "-o", "json")
	has(t, text, `"current": "1.0.0"`, `"status": "rolledBack"`)
	for _, args := range [][]string{{"rollback", "shop/api"}, {"rollback", "shop", "9.9"}, {"deploy", first, "--unsigned", "--min-ready-seconds", "0"},
		{"deploy", first, "--min-ready-seconds", "9", "--progress-deadline-seconds", "5"}, {"deploy", first, "--revision-history-limit", "1"}, {"deploy", dir}} {
		daruma(t, ExitUsage, args...)
	}
}
