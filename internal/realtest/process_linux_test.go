package realtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// process is one process of the machine: the start time tells it from a later one with the same pid.
type process struct {
	pid, parent int
	started     string // field 22 of /proc/PID/stat
	state       string
	name        string
}

func (p process) String() string { return fmt.Sprintf("%d (%s, state %s)", p.pid, p.name, p.state) }

// look reads what the kernel says about pid; ok is false where there is no such process.
func look(pid int) (p process, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	// The name is in brackets and may hold brackets and spaces itself.
	open, end := strings.IndexByte(string(stat), '('), strings.LastIndexByte(string(stat), ')')
	fields := strings.Fields(string(stat[end+1:]))
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return p, false
	}
	return process{pid: pid, parent: parent, started: fields[19], state: fields[0], name: string(stat[open+1 : end])}, true
}

// lives tells whether this very process still exists. A zombie does: nobody has collected it.
func (p process) lives() bool {
	now, ok := look(p.pid)
	return ok && now.started == p.started
}

// descendants are pid itself and all processes below it.
func descendants(t *testing.T, pid int) []process {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]process{}
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := look(id); ok {
				children[p.parent] = append(children[p.parent], p)
			}
		}
	}
	var tree []process
	if p, ok := look(pid); ok {
		tree = append(tree, p)
	}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i].pid]...)
	}
	return tree
}

// wantGone fails the test for each process of the tree that still runs. A zombie runs nothing and holds nothing; the keeper
// collects those of other sessions with its heartbeat.
func (s *service) wantGone(tree []process) {
	s.t.Helper()
	if len(tree) == 0 {
		s.t.Error("an empty tree can't show that anything is gone")
	}
	for _, p := range tree {
		if now, _ := look(p.pid); p.lives() && now.state != "Z" {
			s.t.Errorf("process %v is left over", now)
		}
	}
}

// send signals every process of the tree.
func send(t *testing.T, sig syscall.Signal, tree []process) {
	t.Helper()
	for _, p := range tree {
		if err := syscall.Kill(p.pid, sig); err != nil {
			t.Fatalf("kill -%d %v: %v", sig, p, err)
		}
	}
}
