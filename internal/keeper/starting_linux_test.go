package keeper

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// attackVariable makes the test binary an attacker: see TestMain.
const attackVariable = "DARUMA_TEST_ATTACK"

// stranger is a user that no other test uses: one of the attacks hits every process of the user.
const stranger = 61_733

func TestMain(m *testing.M) {
	switch attack, file, _ := strings.Cut(os.Getenv(attackVariable), " "); attack {
	case "":
		os.Exit(m.Run())
	case "stop":
		fmt.Println("attacking")
		for os.Getppid() != 1 {
			_ = unix.Kill(-1, unix.SIGSTOP) // everything of this user but this process itself
		}
	case "lease":
		holdLease(file)
	}
	os.Exit(1)
}

// holdLease takes a write lease on its own file and doesn't give it up.
func holdLease(file string) {
	signal.Ignore(unix.SIGIO) // by which the kernel asks to
	f, err := os.Open(file)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("attacking")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
}

// attackAs starts an attacker as the stranger, and returns when it attacks.
func attackAs(t *testing.T, attack string) *os.Process {
	t.Helper()
	cmd := exec.Command("/proc/self/exe") // by this name the user needs no way into the folder of the test binary
	cmd.Env = []string{attackVariable + "=" + attack}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "attacking\n" {
		t.Fatalf("the attacker says %q", line)
	}
	return cmd.Process
}

// told is what a keeper sent to its supervisor.
type told struct {
	mu   sync.Mutex
	data []byte
}

func (s *told) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = append(s.data, p...)
	return len(p), nil
}

func (s *told) messages(t *testing.T) []wire.Message {
	t.Helper()
	s.mu.Lock()
	rest := bytes.Clone(s.data)
	s.mu.Unlock()
	var list []wire.Message
	for {
		m, _, after, ok, err := wire.NextFrame(rest)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return list
		}
		list, rest = append(list, m), after
	}
}

// failure gives why a run couldn't be started, or "".
func (s *told) failure(t *testing.T, id string, generation uint64) string {
	t.Helper()
	for _, m := range s.messages(t) {
		if f, ok := m.(*wire.Failed); ok && f.ID == id && f.Generation == generation {
			return f.Error
		}
	}
	return ""
}

func (s *told) started(t *testing.T, id string) bool {
	t.Helper()
	return slices.ContainsFunc(s.messages(t), func(m wire.Message) bool {
		started, ok := m.(*wire.Started)
		return ok && started.ID == id
	})
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("DARUMA_CI") == "1" {
			t.Fatal("needs root")
		}
		t.Skip("needs root: changes the user")
	}
}

// herFile is an executable of the stranger's.
func herFile(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "hers")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "sleep")
	for _, err := range []error{os.Chmod(dir, 0o755), os.WriteFile(file, data, 0o755), os.Chown(file, stranger, stranger)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func spawnAs(id string, generation uint64, uid int, command ...string) *wire.Spawn {
	p := launch.Plan{Path: command[0], Argv: command, Dir: "/", UID: uid, GID: launch.Leave}
	return &wire.Spawn{ID: id, Generation: generation, Spec: wire.Spec{Plan: launch.Encode(&p)}}
}

// wantAlive checks that the keeper starts and ends other programs meanwhile.
func (k *keeper) wantAlive(t *testing.T, said *told) {
	t.Helper()
	k.execute(spawnAs("other", 1, launch.Leave, "/bin/sleep", "1000"))
	k.turnUntil(t, "another program runs", func() bool { return said.started(t, "other") })
	k.execute(&wire.Kill{ID: "other", Generation: 1})
	k.turnUntil(t, "another program has ended", func() bool { return k.programs["other"].alive == nil })
}

// TestAStoppedStartHoldsUpNobody: between the change of user and the exec the new user may stop the process.
func TestAStoppedStartHoldsUpNobody(t *testing.T) {
	needRoot(t)
	said := &told{}
	k := testKeeperTelling(t, "", said)
	k.startLimit = 500 * time.Millisecond
	attackAs(t, "stop")
	p := k.program("hers")
	generation := uint64(0)
	for stopped := false; !stopped; {
		if generation++; generation > 500 {
			t.Fatal("the attack never came in time")
		}
		k.execute(spawnAs("hers", generation, stranger, "/bin/sleep", "1000"))
		r := p.alive
		if r == nil {
			t.Fatalf("not started: %s", said.failure(t, "hers", generation))
		}
		state := byte(0)
		k.turnUntil(t, "it is stopped, or has ended", func() bool {
			state, _ = processState(r.PID)
			return state == 'T' || state == 'Z' || state == 0
		})
		if stopped = state == 'T' && !r.launching.InExec(); !stopped { // after the exec, where it harms nobody else
			k.execute(&wire.Kill{ID: "hers", Generation: generation})
			k.turnUntil(t, "the next try", func() bool { return p.alive == nil })
		}
	}
	k.wantAlive(t, said)
	k.turnUntil(t, "the start is given up", func() bool { return p.alive == nil && said.failure(t, "hers", generation) != "" })
	why := said.failure(t, "hers", generation)
	for _, want := range []string{"longer than 500ms", "stopped by a signal", fmt.Sprintf("Only user %d and root", stranger), "/bin/sleep"} {
		if !strings.Contains(why, want) {
			t.Errorf("%q doesn't say %q", why, want)
		}
	}
	if n := len(k.starting); n != 0 {
		t.Errorf("%d starts are left", n)
	}
}

// TestALeaseHoldsUpNobody: the kernel waits up to 45 s for who holds a write lease on an executable, whoever executes it.
func TestALeaseHoldsUpNobody(t *testing.T) {
	needRoot(t)
	for name, uid := range map[string]int{"as her": stranger, "as root": launch.Leave} {
		t.Run(name, func(t *testing.T) {
			said := &told{}
			k := testKeeperTelling(t, "", said)
			k.startLimit = 500 * time.Millisecond
			file := herFile(t)
			attacker := attackAs(t, "lease "+file)
			k.execute(spawnAs("hers", 1, uid, file, "1000"))
			k.turnUntil(t, "the launcher is in its exec", func() bool { return k.programs["hers"].alive.launching.InExec() })
			k.wantAlive(t, said)
			k.turnUntil(t, "the start is given up", func() bool { return said.failure(t, "hers", 1) != "" })
			why := said.failure(t, "hers", 1)
			for _, want := range []string{"longer than 500ms", fmt.Sprintf("process %d holds a lease on %s", attacker.Pid, file), fmt.Sprintf("user %d", stranger)} {
				if !strings.Contains(why, want) {
					t.Errorf("%q doesn't say %q", why, want)
				}
			}
			if k.programs["hers"].alive != nil {
				t.Error("its process is still there")
			}
		})
	}
}

// TestASupervisorGreetedDuringAStart: it is told of the run, and of its end where the start fails.
func TestASupervisorGreetedDuringAStart(t *testing.T) {
	needRoot(t)
	said := &told{}
	k := testKeeperTelling(t, "", said)
	k.startLimit = 200 * time.Millisecond
	file := herFile(t)
	attackAs(t, "lease "+file)
	k.execute(spawnAs("hers", 1, stranger, file, "1000"))
	k.greet("it died")
	k.execute(spawnAs("fine", 1, stranger, "/bin/sleep", "1000"))
	k.greet("it died again")
	k.turnUntil(t, "both starts are over", func() bool { return len(k.starting) == 0 })
	k.turnUntil(t, "the end is told", func() bool {
		return slices.ContainsFunc(said.messages(t), func(m wire.Message) bool {
			e, ok := m.(*wire.Exited)
			return ok && e.ID == "hers" && strings.Contains(e.Failed, "holds a lease")
		})
	})
	if said.failure(t, "hers", 1) != "" || said.started(t, "hers") || said.started(t, "fine") {
		t.Error("told twice: in the greeting, and as the answer to a Spawn that the predecessor sent")
	}
}
