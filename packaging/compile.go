package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// commands are the executables of daruma.
func commands() []string { return []string{"daruma", "daruma-observe"} }

// compile builds the executables for t into dir.
//
// -trimpath keeps this machine's folders out of them. The workspace is left out, so that only go.mod says which versions they are made of,
// and the repository, whose state is none of the sources'.
func (r release) compile(ctx context.Context, t target, dir string) error {
	const pkg = "github.com/daruma-sh/daruma/internal/version."
	flags := fmt.Sprintf("-s -w -buildid= -X %srelease=v%s -X %scommit=%s -X %sdate=%s", pkg, r.version, pkg, r.commit, pkg, r.date.Format(time.RFC3339))
	for _, name := range commands() {
		file, err := filepath.Abs(filepath.Join(dir, name+t.exe()))
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", file, "./cmd/"+name)
		cmd.Dir = r.source
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOOS="+t.os, "GOARCH="+t.arch, "GOARM="+t.arm, "GOAMD64=v1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s for %s: %w\n%s", name, t, err, out)
		}
	}
	return nil
}
