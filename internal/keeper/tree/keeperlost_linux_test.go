package tree

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// The keeper's death has ended the main process; its child has written a title over its environment, as nginx' workers do.
func TestKillOrphansWithoutEnvironment(t *testing.T) {
	mark := testMark(t)
	orphans, stranger := start(t, "", stripped), start(t, "", waitForever)
	main := orphans.cmd.Process.Pid
	if err := unix.Kill(main, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	KillOrphans(Keeper{Mark: mark}, []int{main, stranger.cmd.Process.Pid})
	orphans.gone(t)
	if !stranger.lives() {
		t.Error("a living process that isn't marked was killed: its number may have been given to a stranger")
	}
}

// A Link can break although the keeper lives. Then its programs are none of the supervisor's business.
func TestALivingKeeperKeepsItsPrograms(t *testing.T) {
	mark := testMark(t)
	f := start(t, mark+"/p/1", waitForever)
	KillOrphans(Keeper{PID: os.Getppid(), Mark: mark}, nil)
	if !f.lives() {
		t.Fatal("it was ended")
	}
	KillOrphans(Keeper{PID: 1 << 30, Mark: mark}, nil)
	f.gone(t)
}
