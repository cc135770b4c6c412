package service_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRunIsARealProgram: started, signalled, and judged by what a service manager sees of it.
func TestRunIsARealProgram(t *testing.T) {
	const started = "start interactive="
	for _, test := range []struct {
		mode   string
		signal os.Signal // nil: it ends by itself
		code   int
		file   string // what it notes after its start
		stderr string
	}{
		{mode: "ok", signal: syscall.SIGTERM, file: "stop\nrun: <nil>\n"},
		{mode: "interrupt", signal: os.Interrupt, file: "stop\nrun: <nil>\n"},
		{mode: "slowstop", signal: syscall.SIGTERM, file: "stop\nstopped\nrun: <nil>\n"},
		{mode: "failstop", signal: syscall.SIGTERM, code: 1, file: "stop\nrun: no stop\n", stderr: "no stop"},
		{mode: "failstart", code: 1, file: "run: no start\n", stderr: "no start"},
		{mode: "panicstart", code: 2, file: "", stderr: "panic: no luck"},
		{mode: "block", signal: syscall.SIGTERM, file: "stop\nrun: <nil>\n"}, // 5 s later, for Stop waits for Start so long
	} {
		t.Run(test.mode, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "events")
			var stderr bytes.Buffer
			cmd := exec.Command(os.Args[0], childWord, test.mode, file)
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			awaitFile(t, file, started, 1)
			if test.signal != nil {
				if err := cmd.Process.Signal(test.signal); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait() // the exit code says it all
			if got := cmd.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d; stderr:\n%s", got, test.code, stderr.String())
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, after, _ := strings.Cut(string(text), "\n"); after != test.file {
				t.Errorf("noted %q, want %q", after, test.file)
			}
			if !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("stderr %q, want %q in it", stderr.String(), test.stderr)
			}
		})
	}
}
