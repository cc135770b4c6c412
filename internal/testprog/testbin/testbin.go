// Package testbin builds the programs that tests and benchmarks start: internal/testprog, and its C counterpart first.
//
// They are built once for each version of their source and shared by all packages' test processes: the name of the
// folder is the hash of what they are made of, so a second build never happens and an old one is never used.
package testbin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Path gives the built testprog. Every user may run it. Where DARUMA_TEST_BINARIES names a folder it is taken from there:
// for machines that have no Go.
func Path(t testing.TB) string {
	t.Helper()
	name := "testprog"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if ready := os.Getenv("DARUMA_TEST_BINARIES"); ready != "" {
		return filepath.Join(ready, name)
	}
	dir := filepath.Join(sourceDir(t), "..")
	sources := []string{filepath.Join(dir, "..", "..", "go.mod")}
	for _, name := range glob(t, filepath.Join(dir, "*.go")) {
		if !strings.HasSuffix(name, "_test.go") {
			sources = append(sources, name)
		}
	}
	path, err := cached(name, sources, func(out string) error {
		return command(dir, "go", "build", "-o", out, ".")
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// First gives the built C program first: for measuring starts. Without gcc the test is skipped, or fails with DARUMA_CI=1.
func First(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("DARUMA_CI") == "1" {
			t.Fatal("gcc is needed: apt-get install gcc libc6-dev")
		}
		t.Skip("needs gcc: apt-get install gcc libc6-dev")
	}
	source := filepath.Join(sourceDir(t), "..", "first", "first.c")
	path, err := cached("first", []string{source}, func(out string) error {
		return command("", "gcc", "-O2", "-static", "-o", out, source)
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// sourceDir is this package's folder. With -trimpath the compiler no longer knows it, and the go command is asked.
func sourceDir(t testing.TB) string {
	t.Helper()
	if _, file, _, ok := runtime.Caller(0); ok {
		if _, err := os.Stat(file); err == nil {
			return filepath.Dir(file)
		}
	}
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/daruma-sh/daruma/internal/testprog/testbin").Output()
	if err != nil {
		t.Fatalf("finding the source of testprog: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// cached gives the path of the program that build makes of sources, building it where that hasn't been done.
func cached(name string, sources []string, build func(out string) error) (string, error) {
	key, err := hash(sources)
	if err != nil {
		return "", err
	}
	root, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, key)
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil // another process was quicker
	}
	fresh := filepath.Join(dir, "new-"+name)
	if err := build(fresh); err != nil {
		return "", err
	}
	return path, os.Rename(fresh, path)
}

// cacheDir is in the folder for temporary files and not in the user's: tests run these programs as other users too.
func cacheDir() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("daruma-testbin-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, owned(dir)
}

func hash(files []string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH, os.Getenv("GOFLAGS"))
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, filepath.Base(file))
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no source at %s: %v", pattern, err)
	}
	slices.Sort(names)
	return names
}

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	// Not instrumented and not for another system, whatever the test that asks was built for.
	cmd.Env = append(os.Environ(), "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
