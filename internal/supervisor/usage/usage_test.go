package usage

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/wine"
)

// TestMain is also the child that a test starts: it waits until its standard input ends.
func TestMain(m *testing.M) {
	if os.Getenv("DARUMA_TEST_WAIT") != "" {
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A tree is this process and its child; what they use grows with what they do.
func TestOf(t *testing.T) {
	mains := []Main{{"it", os.Getpid()}, {"gone", 1 << 30}}
	before := Of("", mains)["it"]
	if before.Processes != 1 || before.Memory < 1<<20 || before.Files < 3 && !wine.Running() { // Wine counts no handles
		t.Errorf("of this process alone: %+v", before)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "DARUMA_TEST_WAIT=1")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); time.Since(begin) < 100*time.Millisecond; { // the kernel counts in ticks of 10 ms and more
		runtime.Gosched()
	}
	after := Of("", mains)
	if now := after["it"]; now.Processes != 2 || now.Memory <= before.Memory || now.Files <= before.Files && !wine.Running() || now.CPU <= before.CPU {
		t.Errorf("with a child: %+v, before %+v", now, before)
	}
	if _, there := after["gone"]; there {
		t.Error("a process that isn't there uses something")
	}
	in.Close()
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
	if got := Of("", nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
