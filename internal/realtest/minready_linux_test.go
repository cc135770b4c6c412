package realtest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestOrdersSayWhatBecame: an order that starts something is done when that has been up for a second, or has done its work; a program that
// fails at once isn't started, whatever its first moments look like.
func TestOrdersSayWhatBecame(t *testing.T) {
	dir := folder(t)
	definition := fmt.Sprintf(`name: real
programs:
  good: {command: [%q, grace]}
  short: {command: [sh, -c, 'exit 7'], backoff: {initialSeconds: 60}}
  never: {command: [sh, -c, 'sleep 0.1; exit 7'], restartPolicy: Never}
  flaps: {command: [sh, -c, 'exit 7'], backoff: {initialSeconds: 0}}
  gone: {command: [./nothing]}
  task: {command: [sh, -c, 'exit 0'], restartPolicy: OnFailure}
`, testbin.Path(t))
	s := run(t, dir, definition)
	s.awaitReady("good", 0)
	for _, c := range []struct {
		verb, program string
		code          int
		words         string
	}{
		{"start", "good", 0, "good: running, pid "},
		{"start", "good", 0, "(it ran already)"},
		{"restart", "short", 1, "it is in backoff: exit code 7"},
		{"start", "never", 1, "it is failed: exit code 7"},
		{"start", "flaps", 1, "times meanwhile, at last with: exit code 7"},
		{"start", "gone", 1, "gone: not "},
		{"restart", "task", 0, "task: completed"},
	} {
		if out, code := s.verb(c.verb, "real/"+c.program); code != c.code || !strings.Contains(out, c.words) {
			t.Errorf("%s %s: exit code %d, %q; want %d, %q", c.verb, c.program, code, out, c.code, c.words)
		}
	}
	out, code := s.verb("restart", "real")
	if code != 1 || !strings.Contains(out, "good: running") || !strings.Contains(out, "short: not restarted") {
		t.Errorf("restart of all: exit code %d, %q", code, out)
	}
	write(t, filepath.Join(dir, "daruma.yaml"), strings.ReplaceAll(definition, "exit 0", "exit 3")+"  late: {command: [sh, -c, 'exit 9'], restartPolicy: Never}\n")
	out, code = s.verb("reload", "real")
	if code != 1 || !strings.Contains(out, "added: late") || !strings.Contains(out, "task: not reloaded") || !strings.Contains(out, "late: not reloaded; it is failed: exit code 9") {
		t.Errorf("reload: exit code %d, %q", code, out)
	}
}
