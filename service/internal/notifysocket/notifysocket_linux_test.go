package notifysocket

import (
	"net"
	"path/filepath"
	"testing"
)

// TestSocketIsFull: READY=1 arrives though systemd was busy at first.
func TestSocketIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	waiting := func(n *Socket) int {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.unsent)
	}
	// Where systemd has booted the queue holds 512 messages (net.unix.max_dgram_qlen), more than one sender's buffer. The queue is
	// full when a new sender can't send at all.
	for full, sent := false, 0; !full; {
		filler := Open(path)
		filler.Send("STATUS=noise")
		for full = waiting(filler) > 0; waiting(filler) == 0; sent++ {
			if sent > 1<<16 {
				t.Fatal("the socket takes everything: this test shows nothing")
			}
			filler.Send("STATUS=noise")
		}
		filler.Close()
	}
	n := Open(path)
	defer n.Close()
	n.Send("READY=1")
	if waiting(n) != 1 {
		t.Fatalf("%d messages wait, want READY=1", waiting(n))
	}
	for message := make([]byte, 100); ; {
		length, err := systemd.Read(message)
		if err != nil {
			t.Fatal(err)
		}
		if string(message[:length]) == "READY=1" {
			return
		}
	}
}
