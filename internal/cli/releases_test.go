package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/store"
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

// deployTwo deploys 1.0.0 and 1.1.0 of shop, and gives its config folder.
func deployTwo(t *testing.T) string {
	t.Helper()
	home(t)
	dir, out := shopFolder(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bin", "server.exe"), []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		daruma(t, ExitDone, "pack", dir, "--version", version, "-o", filepath.Join(out, version))
		daruma(t, ExitDone, "deploy", filepath.Join(out, version), "--unsigned")
	}
	root, err := releaseRoot("shop")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestEnsureSettlesWhatDoesNotStart: a service that can't be started may be so for the release that was in force when its deploy was cut off.
func TestEnsureSettlesWhatDoesNotStart(t *testing.T) {
	root := deployTwo(t)
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	s.State.Deploy = &store.Deploy{Version: "1.1.0", From: "1.0.0", Step: store.Soaking}
	err = s.Save()
	s.Close()
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if code, ok := ensureRole([]string{"ensure", "shop"}, IO{Out: &out, Err: &errOut}); !ok || code != ExitFailed { // it isn't installed
		t.Errorf("exit code %d: %s%s", code, &out, &errOut)
	}
	state, err := store.Look(root)
	if err != nil || state.Current != "1.0.0" || state.Deploy != nil || !strings.Contains(errOut.String(), "the deploy of 1.1.0 was interrupted") {
		t.Errorf("%+v %v: %s", state, err, &errOut)
	}
}

// TestSettleDeploy: what ensure does with a deploy that was cut off while the service doesn't run, and with one that is under way.
func TestSettleDeploy(t *testing.T) {
	root := deployTwo(t)
	settled := func() (said []string, current string) {
		t.Helper()
		said, err := settleDeploy(t.Context(), "shop")
		state, err2 := store.Look(root)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return said, state.Current
	}
	if said, current := settled(); len(said) != 0 || current != "1.1.0" {
		t.Error(said, current)
	}
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	s.State.Deploy = &store.Deploy{Version: "1.1.0", From: "1.0.0", Step: store.Soaking}
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	if said, current := settled(); len(said) != 0 || current != "1.1.0" {
		t.Error("a deploy that is under way:", said, current)
	}
	s.Close()
	if said, current := settled(); current != "1.0.0" || !strings.Contains(strings.Join(said, "; "), "the deploy of 1.1.0 was interrupted") {
		t.Error(said, current)
	}
}

// TestPinnedKeys: the first deploy says whose releases are taken, and no other does.
func TestPinnedKeys(t *testing.T) {
	home(t)
	dir, out := shopFolder(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bin", "server.exe"), []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	key := func(name string) string {
		daruma(t, ExitDone, "pack", "--keygen", filepath.Join(out, name), "--no-password")
		return filepath.Join(out, name)
	}
	mine, other := key("mine"), key("other")
	pack := func(version, key string) string {
		file := filepath.Join(out, version)
		daruma(t, ExitDone, "pack", dir, "--version", version, "-o", file, "--sign", key)
		return file
	}
	first := pack("1.0.0", mine)
	_, said := daruma(t, ExitUsage, "deploy", first)
	has(t, said, "no key is trusted for shop", "--key")
	_, said = daruma(t, ExitUsage, "deploy", first, "--key", other+".pub")
	has(t, said, "isn't trusted here")
	daruma(t, ExitUsage, "deploy", first, "--key", filepath.Join(out, "nothing"))
	daruma(t, ExitUsage, "deploy", first, "--key", first)
	text, err := os.ReadFile(mine + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	daruma(t, ExitDone, "deploy", first, "--key", lines[len(lines)-1]) // the key itself
	second := pack("1.1.0", other)
	_, said = daruma(t, ExitUsage, "deploy", second)
	has(t, said, "isn't trusted here")
	_, said = daruma(t, ExitUsage, "deploy", second, "--key", other+".pub")
	has(t, said, "has other keys already", "daruma install shop --key")
	daruma(t, ExitDone, "deploy", pack("1.2.0", mine), "--key", mine+".pub")
}
