package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSize: what the project promises of its least service on Windows, built as everybody builds.
func TestSize(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("builds the example: needs the go command")
	}
	const most = 6 << 20
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "hello.exe")
			build := exec.Command(tool, "build", "-o", program, ".")
			// What could make it smaller or larger than the plain command is taken out.
			build.Env = append(os.Environ(), "GOOS=windows", "GOARCH="+arch, "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			file, err := os.Stat(program)
			if err != nil {
				t.Fatal(err)
			}
			if file.Size() > most {
				t.Errorf("%d bytes, at most %d: go list -deps shows what has come in", file.Size(), most)
			}
			t.Logf("%.2f MiB", float64(file.Size())/(1<<20))
		})
	}
}
