package daruma_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma"
	"github.com/daruma-sh/daruma/lab"
)

// onTheHost skips in a machine of the lab, where no other can be started.
func onTheHost(t *testing.T) {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "" {
		t.Skip("starts machines of its own: runs on the host")
	}
}

// helloIn puts the least service into the machine.
func helloIn(t *testing.T, m *lab.Machine, goos, path string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hello")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./examples/service-hello")
	build.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build for %s: %v\n%s", goos, err, out)
	}
	m.Copy(binary, path)
}

// verbsLive goes through all verbs of a program in a machine, as its user would.
func verbsLive(t *testing.T, m *lab.Machine, exe string) {
	t.Helper()
	verb := func(code daruma.ExitCode, words string, args ...string) string {
		t.Helper()
		r, err := m.Run(t.Context(), exe, args...)
		out := string(r.Stdout) + string(r.Stderr)
		if err != nil || r.ExitCode != int(code) || !strings.Contains(out, words) {
			t.Errorf("%q: %v, exit code %d, want %d with the words %q:\n%s", args, err, r.ExitCode, code, words, out)
		}
		return string(r.Stdout)
	}
	state := func(code daruma.ExitCode) (s struct {
		State     string
		StartType string
		PID       int
	}) {
		t.Helper()
		if err := json.Unmarshal([]byte(verb(code, `"name": "hello"`, "status", "-o", "json")), &s); err != nil {
			t.Error(err)
		}
		return s
	}
	verb(daruma.ExitNotRunning, "hello is not installed", "status")
	verb(daruma.ExitFailed, "there is no such service", "start")
	verb(daruma.ExitOK, "hello would be installed", "install", "--dry-run")
	verb(daruma.ExitNotRunning, "not installed", "status")
	verb(daruma.ExitOK, "hello is running", "install", "--now")
	first := state(daruma.ExitOK)
	if first.State != "running" || first.StartType != "automatic" || first.PID == 0 {
		t.Errorf("installed with --now it is %+v", first)
	}
	verb(daruma.ExitOK, "hello is installed as it should be", "install")
	verb(daruma.ExitOK, "hello would be changed", "install", "--dry-run", "--start-type", "manual", "--", "--port", "80")
	verb(daruma.ExitOK, "automatic → manual", "install", "--start-type", "manual")
	verb(daruma.ExitOK, "hello is running", "restart")
	if again := state(daruma.ExitOK); again.PID == first.PID || again.StartType != "manual" {
		t.Errorf("restarted it is %+v, and was %+v", again, first)
	}
	verb(daruma.ExitOK, "hello is stopped", "stop")
	if s := state(daruma.ExitNotRunning); s.State != "stopped" || s.PID != 0 {
		t.Errorf("stopped it is %+v", s)
	}
	verb(daruma.ExitOK, "hello is running", "start")
	verb(daruma.ExitOK, "hello: running, pid", "status")
	verb(daruma.ExitOK, "hello is uninstalled", "uninstall")
	verb(daruma.ExitFailed, "there is no such service", "uninstall")
}

func TestVerbsOnSystemd(t *testing.T) {
	onTheHost(t)
	m := lab.Linux(t)
	helloIn(t, m, "linux", "/opt/hello")
	verbsLive(t, m, "/opt/hello")
}

func TestVerbsOnWindows(t *testing.T) {
	onTheHost(t)
	m := lab.Windows(t)
	helloIn(t, m, "windows", `C:\svc\hello.exe`)
	verbsLive(t, m, `C:\svc\hello.exe`)
}
