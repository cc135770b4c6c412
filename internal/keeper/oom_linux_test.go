package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/launch"
)

// fakeMemoryEvents has the keeper read a file of the test's instead of the kernel's. What the kernel writes there is shown by the lab.
func fakeMemoryEvents(t *testing.T, k *keeper) (kills func(int)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "memory.events")
	kills = func(n int) {
		text := fmt.Sprintf("low 0\nhigh 0\nmax 12\noom 3\noom_kill %d\noom_group_kill 9\n", n)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kills(7) // before our time
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	k.oom.open(fd)
	return kills
}

// TestOOMKillsAreToldFromOthers: SIGKILL is SIGKILL; only the kernel's count says who sent it.
func TestOOMKillsAreToldFromOthers(t *testing.T) {
	said := &told{}
	k := testKeeperTelling(t, "", said)
	kills := fakeMemoryEvents(t, k)
	generation := uint64(0)
	end := func(how func(p *program)) wire.Exit {
		t.Helper()
		generation++
		k.execute(spawnAs("it", generation, launch.Leave, "/bin/sleep", "1000"))
		how(k.programs["it"])
		var exit *wire.Exited
		k.turnUntil(t, "its end is told", func() bool {
			for _, m := range said.messages(t) {
				if e, ok := m.(*wire.Exited); ok && e.Generation == generation {
					exit = e
				}
			}
			return exit != nil
		})
		return exit.Exit
	}
	by := func(signal unix.Signal) func(*program) {
		return func(p *program) {
			if err := unix.PidfdSendSignal(p.alive.pidfd, signal, nil, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if end(by(unix.SIGKILL)).NoMemory {
		t.Error("a kill from before the keeper's time counts")
	}
	kills(9)
	for range 2 {
		if e := end(by(unix.SIGKILL)); !e.NoMemory || e.Signal != int(unix.SIGKILL) {
			t.Errorf("not seen: %+v", e)
		}
	}
	if end(by(unix.SIGKILL)).NoMemory {
		t.Error("two kills counted three times")
	}
	kills(10)
	if end(by(unix.SIGTERM)).NoMemory {
		t.Error("the kernel doesn't send SIGTERM")
	}
	if end(func(*program) { k.execute(&wire.Kill{ID: "it", Generation: generation}) }).NoMemory {
		t.Error("it was the keeper's own SIGKILL")
	}
	k.execute(&wire.Heartbeat{})
	k.execute(&wire.Heartbeat{})
	if end(by(unix.SIGKILL)).NoMemory {
		t.Error("a kill of long ago, of some other process, counts")
	}
}

// TestProgramsAreTakenBeforeTheKeeper: the keeper's protection from the OOM killer isn't its programs'. That an installed service has one
// is shown by the lab: to lower the value takes CAP_SYS_RESOURCE.
func TestProgramsAreTakenBeforeTheKeeper(t *testing.T) {
	needRoot(t) // for another user's program
	for own, want := range map[int]string{-1000: "-500", -700: "-200", -500: "0", -1: "0", 0: "", 300: ""} {
		if got := scoreAbove(own); got != want {
			t.Errorf("above %d is %q, want %q", own, got, want)
		}
	}
	for id, uid := range map[string]int{"direct": launch.Leave, "launcher": stranger} {
		said := &told{}
		k := testKeeperTelling(t, "", said)
		k.oomScore = "321"
		k.execute(spawnAs(id, 1, uid, "/bin/sleep", "1000"))
		k.turnUntil(t, "it runs", func() bool { return said.started(t, id) })
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", k.programs[id].alive.PID))
		if got := strings.TrimSpace(string(data)); got != "321" {
			t.Errorf("%s: the program has %q: %v", id, got, err)
		}
	}
}
