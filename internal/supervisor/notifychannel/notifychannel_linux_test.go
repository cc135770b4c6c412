package notifychannel

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/service/notify"
)

// channel makes a notify channel as the keeper does: a pipe whose read end doesn't block, so that Go's poller waits for it.
func channel(t *testing.T) (read, write *os.File) {
	t.Helper()
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	read, write = os.NewFile(uintptr(ends[0]), "read"), os.NewFile(uintptr(ends[1]), "write")
	t.Cleanup(func() { read.Close(); write.Close() })
	return read, write
}

// TestSuccessorFindsWhatWasNotDelivered: a message that nobody has taken note of stays in the pipe.
func TestSuccessorFindsWhatWasNotDelivered(t *testing.T) {
	read, write := channel(t)
	if _, err := write.WriteString("READY=1\nno assignment\n"); err != nil {
		t.Fatal(err)
	}
	var first, second Reader
	first.Read(read, func(batch []notify.Message) bool {
		if len(batch) != 1 || batch[0].Key != notify.Ready {
			t.Errorf("delivered %+v", batch)
		}
		return false // the supervisor dies
	})
	if _, err := write.WriteString("STATUS=busy\n"); err != nil {
		t.Fatal(err)
	}
	write.Close()
	var keys []string
	ignored := second.Read(read, func(batch []notify.Message) bool {
		for _, m := range batch {
			keys = append(keys, m.Key)
		}
		return true
	})
	if len(keys) != 2 || keys[0] != notify.Ready || keys[1] != notify.Status || ignored != 1 {
		t.Errorf("the successor got %q and ignored %d lines", keys, ignored)
	}
}
