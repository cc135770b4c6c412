package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLinkToAnotherSocket: root's order for one service must not reach another, to which the one's account made a link.
func TestLinkToAnotherSocket(t *testing.T) {
	victim := &fakeBackend{}
	_, _, other := serve(t, victim, nil)
	link := filepath.Join(t.TempDir(), "control.sock")
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	_, err := NewClient(link).Command(within(t), Command{Verb: VerbStop})
	if err == nil || errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), link) {
		t.Error(err)
	}
	if got := victim.commands(); len(got) != 0 {
		t.Errorf("the other service was told %+v", got)
	}
}

// TestWhatIsNoSocketOrLock is said, at once.
func TestWhatIsNoSocketOrLock(t *testing.T) {
	things := map[string]func(path string) error{
		"FIFO":             func(path string) error { return unix.Mkfifo(path, 0o600) },
		"link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"folder":           func(path string) error { return os.Mkdir(path, 0o700) },
		"device":           func(path string) error { return unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 5))) },
	}
	for what, put := range things {
		for _, name := range []string{"control.sock", "lock"} {
			t.Run(name+" is a "+what, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, name)
				if err := put(path); err != nil {
					t.Skipf("takes root: %v", err)
				}
				begin := time.Now()
				_, err := NewClient(filepath.Join(dir, "control.sock")).Status(within(t))
				if err == nil || errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), path) {
					t.Error(err)
				}
				if took := time.Since(begin); took > time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
}
