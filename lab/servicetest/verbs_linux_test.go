package servicetest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
	"github.com/daruma-sh/daruma/service"
)

// hello is the least service.
const hello = "github.com/daruma-sh/daruma/examples/service-hello"

// verbsLive goes through all verbs of a program in a machine, as its user would.
func verbsLive(t *testing.T, m *lab.Machine, exe string) {
	t.Helper()
	verb := func(code int, words string, args ...string) string {
		t.Helper()
		r, err := m.Run(t.Context(), exe, args...)
		out := string(r.Stdout) + string(r.Stderr)
		if err != nil || r.ExitCode != code || !strings.Contains(out, words) {
			t.Errorf("%q: %v, exit code %d, want %d with the words %q:\n%s", args, err, r.ExitCode, code, words, out)
		}
		return string(r.Stdout)
	}
	state := func(code int) (s struct {
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
	verb(service.ExitNotRunning, "hello is not installed", "status")
	verb(service.ExitFailed, "there is no such service", "start")
	verb(service.ExitOK, "hello would be installed", "install", "--dry-run")
	verb(service.ExitNotRunning, "not installed", "status")
	verb(service.ExitOK, "hello is running", "install", "--now")
	first := state(service.ExitOK)
	if first.State != "running" || first.StartType != "automatic" || first.PID == 0 {
		t.Errorf("installed with --now it is %+v", first)
	}
	verb(service.ExitOK, "hello is installed as it should be", "install")
	verb(service.ExitOK, "hello would be changed", "install", "--dry-run", "--start-type", "manual", "--", "--port", "80")
	verb(service.ExitOK, "automatic → manual", "install", "--start-type", "manual")
	verb(service.ExitOK, "hello is running", "restart")
	if again := state(service.ExitOK); again.PID == first.PID || again.StartType != "manual" {
		t.Errorf("restarted it is %+v, and was %+v", again, first)
	}
	verb(service.ExitOK, "hello is stopped", "stop")
	if s := state(service.ExitNotRunning); s.State != "stopped" || s.PID != 0 {
		t.Errorf("stopped it is %+v", s)
	}
	verb(service.ExitOK, "hello is running", "start")
	verb(service.ExitOK, "hello: running, pid", "status")
	verb(service.ExitOK, "hello is uninstalled", "uninstall")
	verb(service.ExitFailed, "there is no such service", "uninstall")
}

func TestVerbsOnSystemd(t *testing.T) {
	onTheHost(t)
	m := lab.Linux(t)
	programIn(t, m, "linux", hello, "/opt/hello")
	verbsLive(t, m, "/opt/hello")
}

func TestVerbsOnWindows(t *testing.T) {
	onTheHost(t)
	m := lab.Windows(t)
	programIn(t, m, "windows", hello, `C:\svc\hello.exe`)
	verbsLive(t, m, `C:\svc\hello.exe`)
}
