package realtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// zombiesOf counts the children of pid that have ended and weren't waited for.
func zombiesOf(t *testing.T, pid int) int {
	t.Helper()
	n := 0
	for _, p := range descendants(t, pid) {
		if p.parent == pid && p.state == "Z" {
			n++
		}
	}
	return n
}

// TestOrphansAreReapedAtOnce: a program leaves processes of its own behind, all the time, and they end. Their zombies count for
// RLIMIT_NPROC of its user and for the processes of its cgroup, and so must not wait for a heartbeat.
func TestOrphansAreReapedAtOnce(t *testing.T) {
	over := filepath.Join(t.TempDir(), "over")
	s := run(t, folder(t), strings.ReplaceAll(`
name: real
programs:
  it: {command: [/bin/sh, -c, 'for i in $(seq 200); do (sleep 0.02 &); sleep 0.005; done; : >OVER; exec sleep 1000']}
`, "OVER", over))
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	most := 0
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) { // sleep: nobody tells
		most = max(most, zombiesOf(t, st.KeeperPID))
		if _, err := os.Stat(over); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the program isn't done within %v", patience)
		}
	}
	if most > 50 {
		t.Errorf("%d of 200 orphans were zombies at a time", most)
	}
}
