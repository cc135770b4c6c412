package realtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestReloadUpdatesWhatRuns: a program whose probes or log settings alone changed runs on, is asked by the new probe, and its output is
// rotated by the new settings. So does a successor of the supervisor.
func TestReloadUpdatesWhatRuns(t *testing.T) {
	dir := folder(t)
	const probe = "    readinessProbe: {exec: {command: [sh, -c, 'false']}, periodSeconds: 0.05}\n"
	definition := "name: real\nprograms:\n  asked:\n    command: ['" + testbin.Path(t) + "', grace]\n" + probe +
		"  talks:\n    command: [sh, -c, 'while read x; do seq 300; done < in']\n"
	if err := unix.Mkfifo(filepath.Join(dir, "in"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := run(t, dir, definition)
	s.await("asked", func(e control.Event) bool { return e.Program == "asked" && e.Kind == control.EventStarted })
	s.awaitReady("talks", 0)
	in, err := os.OpenFile(filepath.Join(dir, "in"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_, asked := s.status("asked")
	_, talks := s.status("talks")

	write(t, filepath.Join(dir, "daruma.yaml"), strings.Replace(definition, "'false'", "'true'", 1)+"    logs: {maxSize: 1Ki, maxFiles: 2, compress: false}\n")
	out, code := s.verb("status", "real")
	if want := "takes it, updates as they run asked, talks"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("the status is %d\n%s\nwant in it: %s", code, out, want)
	}
	out, code = s.verb("reload", "real")
	if code != 0 || out != "updated as they run: asked, talks\n" {
		t.Errorf("reload: %d, %q", code, out)
	}
	s.awaitReady("asked", 0)
	if _, err := in.WriteString("1\n2\n3\n4\n5\n"); err != nil {
		t.Fatal(err)
	}
	s.eventually("rotated files", func() bool {
		rotated, _ := filepath.Glob(filepath.Join(s.home, "real", "logs", "talks.0*.log"))
		return len(rotated) == 2
	})
	for name, before := range map[string]control.ProgramStatus{"asked": asked, "talks": talks} {
		if _, now := s.status(name); now.PID != before.PID || now.Generation != 1 || now.Restarts != 0 {
			t.Errorf("%s was process %d and is %d, run %d", name, before.PID, now.PID, now.Generation)
		}
	}
}
