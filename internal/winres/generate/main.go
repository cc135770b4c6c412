// Command generate writes the resources of daruma.exe: one file per processor into the folder given as its argument.
//
//	go generate ./cmd/daruma
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/winres"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate CHANGELOG.md FOLDER")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(changelog, dir string) error {
	text, err := os.ReadFile(changelog)
	if err != nil {
		return err
	}
	version, err := winres.Version(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", changelog, err)
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		object, err := winres.Daruma(goarch, version)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, winres.File(goarch)), object, 0o644); err != nil {
			return err
		}
	}
	return nil
}
