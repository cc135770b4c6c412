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

// build makes daruma from the checkout, as it is shipped, and the programs it is measured with.
func build(dir, cache string, keep bool) (*tools, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	t := &tools{dir: dir, keep: keep, cache: cache, daruma: at("daruma"), first: at("first"), testprog: at("testprog"), bare: at("bare")}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("run this inside the checkout: %w", err)
	}
	for _, c := range [][]string{
		{"go", "build", "-trimpath", "-ldflags", "-s -w", "-o", t.daruma, "./cmd/daruma"},
		{"go", "build", "-o", t.testprog, "./internal/testprog"},
		{"gcc", "-O2", "-static", "-o", t.first, "internal/testprog/first/first.c"},
		{"gcc", "-O2", "-static", "-o", t.bare, "bench/bare/bare.c"},
	} {
		cmd := exec.Command(c[0], c[1:]...)
		cmd.Dir = strings.TrimSpace(string(root))
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(c, " "), err, out)
		}
	}
	return t, nil
}
