package servicetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

const library = "github.com/daruma-sh/daruma/service"

// onTheHost skips in a machine of the lab, where no other can be started.
func onTheHost(t *testing.T) {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "" {
		t.Skip("starts machines of its own: runs on the host")
	}
}

// goCommand builds for the system into a new file, without the race detector: a machine may lack what that needs.
func goCommand(t *testing.T, goos string, args ...string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append([]string{args[0], "-buildvcs=false", "-o", binary}, args[1:]...)...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %v for %s: %v\n%s", args, goos, err, out)
	}
	return binary
}

// testBinaryIn puts the test binary of a package of the library into the machine: it is installer and service in one.
func testBinaryIn(t *testing.T, m *lab.Machine, goos, pkg, path string) {
	t.Helper()
	m.Copy(goCommand(t, goos, "test", "-c", pkg), path)
}

// programIn puts a program into the machine.
func programIn(t *testing.T, m *lab.Machine, goos, pkg, path string) {
	t.Helper()
	m.Copy(goCommand(t, goos, "build", pkg), path)
}
