package keeper

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
	"github.com/daruma-sh/daruma/internal/version"
)

// linked connects a keeper's end with a Link, both in this process.
func linked(t *testing.T) (*keeper, *wire.Link) {
	t.Helper()
	pipes, err := wire.NewPipes()
	if err != nil {
		t.Fatal(err)
	}
	k := newKeeper(Config{Service: "test"})
	if k.poll, err = poll.New(); err != nil {
		t.Fatal(err)
	}
	k.sup.handle, k.sup.out, k.sup.in = windows.CurrentProcess(), newPipeWriter(pipes.Down), pipes.Up
	name, value, _ := strings.Cut(pipes.Variable(), "=")
	t.Setenv(name, value)
	l, err := wire.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.sup.out.close()
		pipes.Up.Close()
	})
	return k, l
}

// TestHandlesTravel: each message brings its own handles, however the bytes are cut.
func TestHandlesTravel(t *testing.T) {
	k, l := linked(t)
	const n = 300
	go func() {
		for i := range n {
			var handles []descriptor
			for j := range i % 3 {
				var read, write windows.Handle
				if err := windows.CreatePipe(&read, &write, nil, 0); err != nil {
					t.Error(err)
					return
				}
				var done uint32
				_ = windows.WriteFile(write, fmt.Appendf(nil, "%d.%d", i, j), &done, nil)
				windows.CloseHandle(write)
				handles = append(handles, read)
			}
			k.send(&wire.Started{ID: fmt.Sprint(i), Streams: []string{strings.Repeat("x", i*40)}}, handles...)
			if i%7 == 0 {
				k.sup.flush(k)
			}
		}
		k.sup.flush(k)
	}()
	for i := range n {
		m, files, err := l.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := m.(*wire.Started); !ok || s.ID != fmt.Sprint(i) || len(files) != i%3 {
			t.Fatalf("message %d is %T %+v with %d files", i, m, m, len(files))
		}
		for j, f := range files {
			buf := make([]byte, 16)
			got, err := f.Read(buf)
			if want := fmt.Sprintf("%d.%d", i, j); err != nil || string(buf[:got]) != want {
				t.Fatalf("file %s says %q, %v", want, buf[:got], err)
			}
			f.Close()
		}
	}
}

func TestTheKeepersEndIsSeen(t *testing.T) {
	k, l := linked(t)
	k.sup.out.close()
	if _, _, err := l.Receive(); !wire.KeeperLost(err) {
		t.Errorf("%v isn't the keeper's end", err)
	}
	if wire.KeeperLost(wire.ErrMalformed) {
		t.Error("a malformed frame is the keeper's end")
	}
}

// TestDumpPrintsStacks: the goroutine that receives ends the process, with all stacks, though the loop hangs.
func TestDumpPrintsStacks(t *testing.T) {
	k, l := linked(t)
	k.sup.askForStacks(k)
	defer func() {
		if recover() == nil {
			t.Error("nothing happened")
		}
	}()
	_, _, _ = l.Receive()
}

// TestOldSupervisor: what a dead keeper's supervisor was is ended, and nobody who only has its pid.
func TestOldSupervisor(t *testing.T) {
	k := newKeeper(Config{Service: "test", Folders: folders.Folders{Run: t.TempDir()}})
	start := func() (*exec.Cmd, windows.Handle) {
		cmd := exec.Command(testbin.Path(t), "hang")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		h, err := windows.OpenProcess(windows.SYNCHRONIZE|windows.PROCESS_QUERY_INFORMATION, false, uint32(cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { windows.CloseHandle(h) })
		return cmd, h
	}
	lives := func(h windows.Handle) bool {
		event, err := windows.WaitForSingleObject(h, 0)
		return err == nil && event != windows.WAIT_OBJECT_0
	}
	old, h := start()
	k.sup.pid, k.sup.handle = old.Process.Pid, h
	k.noteSupervisor()
	data, err := os.ReadFile(k.supervisorFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.supervisorFile(), append([]byte(nil), strings.Replace(string(data), " ", " 1", 1)...), 0o600); err != nil {
		t.Fatal(err)
	}
	k.endOldSupervisor()
	if !lives(h) {
		t.Fatal("a process of another birth was ended")
	}
	k.noteSupervisor()
	k.endOldSupervisor()
	if lives(h) {
		t.Error("the old supervisor lives on")
	}
	k.endOldSupervisor() // nobody there any more
}

// TestUpgradeWhoseSupervisorsFall: what became of an upgrade is known when a supervisor of the new file is up, or when three of them have
// ended. Then the next ones are of the file that the keeper runs, until another file is there.
func TestUpgradeWhoseSupervisorsFall(t *testing.T) {
	k, _ := linked(t)
	begin := func() {
		k.up.ran = version.Running()
		k.up.last = wire.UpgradeOutcome{Attempt: 1}
		k.up.enter(takingOver, takeLimit)
		k.checkUpgrade()
	}
	begin()
	for n := range probationTries {
		if k.up.phase != probation || k.up.last.Error != "" || k.fileRefused() {
			t.Fatalf("after %d: phase %d, %+v", n, k.up.phase, k.up.last)
		}
		k.sessions++
		k.sup.why = "it ended with exit code 7"
		k.upgradeLostSupervisor()
	}
	if want := "supervisors ended 3 times; the last: it ended with exit code 7"; !strings.Contains(k.up.last.Error, want) || !k.fileRefused() ||
		k.up.sessions != k.sessions+1 || !k.up.news {
		t.Errorf("%+v, refused %v, %d of %d sessions", k.up.last, k.fileRefused(), k.up.sessions, k.sessions)
	}
	k.up.refused.Size++ // another file
	if k.fileRefused() {
		t.Error("another file is refused")
	}
	begin()
	if k.supervisorUp(); k.up.phase != noUpgrade || k.up.last.Error != "" {
		t.Errorf("phase %d, %+v", k.up.phase, k.up.last)
	}
	begin()
	k.up.deadline, k.sup.handle = monotonic.Now(), 0 // it isn't there any more
	if k.checkUpgrade(); k.up.phase != noUpgrade || !strings.Contains(k.up.last.Error, "wasn't up after 10s") {
		t.Errorf("phase %d, %+v", k.up.phase, k.up.last)
	}
}
