package startfailure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/launch"
)

// started has launch start a plan for real, which must fail, and gives the reason as the supervisor shows it.
func started(t *testing.T, p *launch.Plan) string {
	t.Helper()
	child, err := launch.Start(*p, launch.Attachments{})
	if err == nil {
		windows.TerminateProcess(child.Handle, 1)
		windows.CloseHandle(child.Handle)
		t.Fatal("it was started")
	}
	if !Attempted(err.Error()) {
		t.Errorf("%q doesn't count as an attempt", err)
	}
	return Explain(p, err.Error())
}

func planOf(path string) *launch.Plan {
	return &launch.Plan{Path: path, Argv: []string{path}, Env: os.Environ(), UID: launch.Leave, GID: launch.Leave}
}

// TestWhatIsReallyWrong lets Windows refuse a program, and looks for the cause in what is said of it.
func TestWhatIsReallyWrong(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"deploy.ps1": {"Write-Host hello\r\n", "command: [powershell.exe, -NoProfile, -ExecutionPolicy, Bypass, -File, '"},
		"app.py":     {"print(1)\n", "command: [python.exe, '"},
		"app.JAR":    {"PK\x03\x04", "command: [java.exe, -jar, '"},
		"script":     {"#!/usr/bin/env python3\n", "name the interpreter (/usr/bin/env) in the command"},
		"linux":      {"\x7fELF\x02\x01\x01", "a program for Linux"},
		"text.exe":   {"hello", "it is no program: "},
		"empty.exe":  {"", "the file is empty"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.data), 0o700); err != nil {
			t.Fatal(err)
		}
		if said := started(t, planOf(path)); !strings.Contains(said, c.want) || strings.Contains(said, "%1") {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
}

func TestAFolderThatWentAway(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(exe)
	p.Argv = append(p.Argv, "-test.list=none")
	p.Dir = filepath.Join(t.TempDir(), "gone")
	if said := started(t, p); !strings.Contains(said, "workingDir "+p.Dir+" isn't there") {
		t.Errorf("%q", said)
	}
}
