package servicetest

import (
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
	"github.com/daruma-sh/daruma/service"
)

// commands is a program with a command line of its own, which calls the library's functions.
const commands = "github.com/daruma-sh/daruma/examples/service-commands"

// commandsLive goes through them in a machine.
func commandsLive(t *testing.T, m *lab.Machine, exe string) {
	t.Helper()
	for _, step := range []struct {
		command string
		code    int
		words   string
	}{
		{"status", service.ExitNotRunning, "not installed"},
		{"start", service.ExitFailed, "there is no such service"},
		{"install", service.ExitOK, exe},
		{"status", service.ExitNotRunning, "stopped"},
		{"start", service.ExitOK, ""},
		{"status", service.ExitOK, "running"},
		{"install", service.ExitOK, ""}, // again: nothing differs
		{"restart", service.ExitOK, ""},
		{"status", service.ExitOK, "running"},
		{"stop", service.ExitOK, ""},
		{"status", service.ExitNotRunning, "stopped"},
		{"uninstall", service.ExitOK, ""},
		{"status", service.ExitNotRunning, "not installed"},
		{"uninstall", service.ExitFailed, "there is no such service"},
		{"serve --every soon", service.ExitUsage, "invalid value"},
	} {
		r, err := m.Run(t.Context(), exe, strings.Fields(step.command)...)
		if out := string(r.Stdout) + string(r.Stderr); err != nil || r.ExitCode != step.code || !strings.Contains(out, step.words) {
			t.Fatalf("%s: %v, exit code %d, want %d with the words %q:\n%s", step.command, err, r.ExitCode, step.code, step.words, out)
		}
	}
}

func TestCommandsOnSystemd(t *testing.T) {
	onTheHost(t)
	m := lab.Linux(t)
	programIn(t, m, "linux", commands, "/opt/ticker")
	commandsLive(t, m, "/opt/ticker")
}

func TestCommandsOnWindows(t *testing.T) {
	onTheHost(t)
	m := lab.Windows(t)
	programIn(t, m, "windows", commands, `C:\svc\ticker.exe`)
	commandsLive(t, m, `C:\svc\ticker.exe`)
}
