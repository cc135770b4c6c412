package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/release/signature"
)

// shopFolder makes a folder that can be packed.
func shopFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := errors.Join(os.Mkdir(filepath.Join(dir, "bin"), 0o755),
		os.WriteFile(filepath.Join(dir, "bin", "server"), []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755),
		os.WriteFile(filepath.Join(dir, "daruma.yaml"), []byte("name: shop\nprograms:\n  api:\n    command: [bin/server]\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPack(t *testing.T) {
	dir, out := shopFolder(t), t.TempDir()
	key := filepath.Join(out, "release.key")
	t.Setenv("RELEASE_PASSWORD", "stand up eight")
	daruma(t, ExitDone, "pack", "--keygen", key, "--no-password")
	if text, _ := daruma(t, ExitDone, "pack", dir, "--version", "1.4.0", "--os", "linux", "--arch", "arm64", "-o", out, "--sign", key); !strings.Contains(text, "signed: ") {
		t.Error(text)
	}
	file := filepath.Join(out, "shop-1.4.0-linux-arm64.zip")
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := signature.ParseKeys(public, "keys")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := os.ReadFile(file + signature.Extension)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Verify(f, signed); err != nil {
		t.Error(err)
	}
	f.Close() // Windows replaces no file that is open
	// Packed anew without a signature: the old one would be a wrong one.
	_, said := daruma(t, ExitDone, "pack", dir, "--version", "1.4.0", "--os", "linux", "--arch", "arm64", "-o", out)
	has(t, said, "removed", "another package's")
	if _, err := os.Stat(file + signature.Extension); err == nil {
		t.Error("the signature of another package is still there")
	}
}

func TestPackRefuses(t *testing.T) {
	dir := shopFolder(t)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, ".env"), []byte("A=b"), 0o600), os.Remove(filepath.Join(dir, "bin", "server"))); err != nil {
		t.Fatal(err)
	}
	_, said := daruma(t, ExitUsage, "pack", dir, "--version", "1.4.0")
	has(t, said, ".env is a secret by its name", "--allow-secret .env", "bin/server isn't in", "can't be packed")
	daruma(t, ExitUsage, "pack", dir)
	daruma(t, ExitUsage, "pack", dir, "--version", "newest")
	daruma(t, ExitUsage, "pack", "--init", dir)
	daruma(t, ExitUsage, "pack", dir, "--keygen", filepath.Join(dir, "k"))
	_, said = daruma(t, ExitUsage, "pack", "--keygen", filepath.Join(dir, "k"))
	has(t, said, "no terminal to ask at", "--no-password")
	daruma(t, ExitFailed, "pack", filepath.Join(dir, "none"), "--version", "1")
}
