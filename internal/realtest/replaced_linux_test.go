package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestReplacedExecutable: where another daruma was put in the place of the one that runs, status says so, of both processes and, after the
// supervisor's successor took the new file, of the keeper alone.
func TestReplacedExecutable(t *testing.T) {
	original, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	daruma := filepath.Join(dir, "daruma")
	put := func(more string) {
		t.Helper()
		data, err := os.ReadFile(original)
		if err != nil {
			t.Fatal(err)
		}
		writeExecutable(t, daruma+".new", append(data, more...))
		if err := os.Rename(daruma+".new", daruma); err != nil {
			t.Fatal(err)
		}
	}
	put("")
	s := throughBinary(t, dir, daruma, fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, hang]}\n", testbin.Path(t)))
	s.awaitReady("it", 0)
	before, _ := s.status("it")
	if before.Version == "" || before.KeeperVersion != before.Version || len(before.Warnings) > 0 {
		t.Fatalf("%+v", before)
	}
	put("newer") // what follows an ELF's last section is nobody's
	if st, _ := s.status("it"); !strings.Contains(strings.Join(st.Warnings, "\n"), "the daruma on disk was replaced, and daruma still runs what was there before") {
		t.Errorf("the warnings are %q", st.Warnings)
	}
	kill(t, before.SupervisorPID)
	s.eventually("a new supervisor", func() bool {
		now, err := s.client.Status(t.Context())
		return err == nil && now.SupervisorPID != before.SupervisorPID
	})
	if st, _ := s.status("it"); !strings.Contains(strings.Join(st.Warnings, "\n"), "the daruma on disk was replaced, and the keeper still runs what was there before") {
		t.Errorf("after the supervisor's death the warnings are %q", st.Warnings)
	}
}
