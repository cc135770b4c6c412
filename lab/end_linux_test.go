package lab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab/tree"
)

// TestTwoWindowsAtOnce: one machine's files, registry and services are none of the other's.
func TestTwoWindowsAtOnce(t *testing.T) {
	a, b := Windows(t), Windows(t)
	a.Output("reg", "add", `HKLM\Software\Lab`, "/v", "whose", "/d", "a", "/f")
	a.Write(`C:\whose.txt`, "a", 0o644)
	if r, err := b.Run(t.Context(), "reg", "query", `HKLM\Software\Lab`); err != nil || r.ExitCode == 0 {
		t.Errorf("a key of one machine is in the other: %v %v", err, r)
	}
	if b.Exists(`C:\whose.txt`) {
		t.Error("a file of one machine is in the other")
	}
	spooler(a)
	a.Output("sc", "start", "mine")
	b.CutPower()
	if out := a.Output("reg", "query", `HKLM\Software\Lab`, "/v", "whose"); !strings.HasSuffix(out, "a") {
		t.Errorf("the registry fell with the other machine: %s", out)
	}
	if out := a.Output("sc", "query", "mine"); !strings.Contains(out, "RUNNING") {
		t.Errorf("a service fell with the other machine: %s", out)
	}
}

// spooler registers Wine's print spooler once more: a real service, and a small one.
func spooler(m *Machine) {
	m.t.Helper()
	m.Output("sc", "create", "mine", "binPath=", `C:\windows\system32\spoolsv.exe`, "start=", "auto")
}

// TestServiceStartsAtBoot: the service manager keeps a service over a boot, and starts it.
func TestServiceStartsAtBoot(t *testing.T) {
	m := Windows(t)
	spooler(m)
	m.Write(`C:\kept.txt`, "text", 0o644)
	if out := m.Output("sc", "query", "mine"); !strings.Contains(out, "STOPPED") {
		t.Fatalf("before the boot: %s", out)
	}
	m.Reboot()
	for deadline := time.Now().Add(20 * time.Second); ; {
		out := m.Output("sc", "query", "mine") // takes as long as a wait would
		if strings.Contains(out, "RUNNING") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it wasn't started at boot: %s", out)
		}
	}
	if got := m.Read(`c:\KEPT.txt`); got != "text" {
		t.Errorf("after a reboot the file has %q", got)
	}
}

// TestNothingIsLeftBehind kills a test process that has one machine of each kind.
func TestNothingIsLeftBehind(t *testing.T) {
	if os.Getenv("DARUMA_LAB_CHILD") != "" {
		for _, m := range []*Machine{Windows(t), Linux(t), Kernel(t)} {
			var s *space
			switch b := m.bench.(type) {
			case *wine:
				s = b.space
			case *nspawn:
				s = b.space
			case *uml:
				s = b.space
			}
			fmt.Println("SPACE", s.name, s.holder, s.guard.Process.Pid)
		}
		fmt.Println("UP")
		select {}
	}
	Windows(t) // or a skip, said once
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftBehind$", "-test.v")
	cmd.Env = append(os.Environ(), "DARUMA_LAB_CHILD=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	names, pids := spaces(t, bufio.NewScanner(out))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	for deadline := time.Now().Add(20 * time.Second); ; {
		left := remains(names, pids)
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %s", left)
		}
		time.Sleep(10 * time.Millisecond) // sleep: only the parent is told of a process's end, and it is dead
	}
}

// spaces reads what the child tells of its machines, and gives the names of their cgroups and the pids of all in them.
func spaces(t *testing.T, lines *bufio.Scanner) (names []string, pids []int) {
	t.Helper()
	for lines.Scan() {
		var name string
		var holder, guard int
		if _, err := fmt.Sscanf(lines.Text(), "SPACE %s %d %d", &name, &holder, &guard); err == nil {
			inside, err := tree.Members(holder)
			if err != nil || len(inside) == 0 {
				t.Errorf("nothing runs in %s: %v", name, err)
			}
			names = append(names, name)
			pids = append(append(pids, inside...), holder, guard)
		}
		if lines.Text() == "UP" {
			if len(names) != 3 {
				t.Fatalf("the child has machines %v, want three", names)
			}
			return names, pids
		}
	}
	t.Fatal("the child ended before its machines were up")
	return nil, nil
}

// remains says what is left: a process (a mount lives in a namespace, and that as long as one of its processes), a cgroup.
func remains(names []string, pids []int) string {
	var left []string
	for _, pid := range pids {
		if tree.Alive(pid) {
			left = append(left, fmt.Sprintf("process %d", pid))
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for _, name := range names {
		for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
			groups, _ := filepath.Glob(pattern + name)
			left = append(left, groups...)
		}
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, "/media/pfx") || strings.Contains(line, "/media/root") {
			left = append(left, line)
		}
	}
	return strings.Join(left, ", ")
}
