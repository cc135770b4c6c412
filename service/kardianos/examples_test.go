package service_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// build compiles a package of the module, given by its folder, for goos. In a machine that has no go command it is there, in
// the folder that DARUMA_TEST_BINARIES names.
func build(t *testing.T, goos, dir string) (exe string) {
	t.Helper()
	exe = filepath.Base(dir)
	if goos == "windows" {
		exe += ".exe"
	}
	if ready := os.Getenv("DARUMA_TEST_BINARIES"); ready != "" && goos == runtime.GOOS {
		return filepath.Join(ready, exe)
	}
	needGo(t)
	exe = filepath.Join(t.TempDir(), exe)
	cmd := exec.Command("go", "build", "-o", exe, "./"+filepath.ToSlash(dir))
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("GOOS=%s go build ./%s: %v\n%s", goos, dir, err, out)
	}
	return exe
}

// TestExamplesCompile: the shapes of the original's own examples, for both systems.
func TestExamplesCompile(t *testing.T) {
	for _, name := range []string{"simple", "logging", "runner", "stoppause"} {
		for _, goos := range []string{"linux", "windows"} {
			t.Run(goos+"/"+name, func(t *testing.T) { build(t, goos, filepath.Join("examples", "kardianos", name)) })
		}
	}
}
