package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the programs that the benchmark is made of, as absolute paths.
type tools struct {
	dir   string // for everything that is made
	keep  bool   // leave the sessions' folders for a look
	cache string // where bench/setup.sh put the peers

	daruma, first, testprog, bare string
}

// build makes the programs that the benchmark measures with; daruma itself is made when it is asked for its version.
func build(dir, cache string, keep bool) (*tools, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	t := &tools{dir: dir, keep: keep, cache: cache, daruma: at("daruma"), first: at("first"), testprog: at("testprog"), bare: at("bare")}
	for _, c := range [][]string{
		{"go", "build", "-o", t.testprog, "./internal/testprog"},
		{"gcc", "-O2", "-static", "-o", t.first, "internal/testprog/first/first.c"},
		{"gcc", "-O2", "-static", "-o", t.bare, "bench/bare/bare.c"},
	} {
		if _, err := inCheckout(c...); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// buildDaruma makes daruma from the checkout, as it is shipped, and gives its revision.
func buildDaruma(t *tools) (string, error) {
	if _, err := inCheckout("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", t.daruma, "./cmd/daruma"); err != nil {
		return "", err
	}
	return inCheckout("git", "describe", "--always", "--dirty")
}

// inCheckout runs a command in the module's folder.
func inCheckout(c ...string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/daruma-sh/daruma").Output()
	if err != nil {
		return "", fmt.Errorf("run this inside the checkout: %w", err)
	}
	cmd := exec.Command(c[0], c[1:]...)
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(c, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
