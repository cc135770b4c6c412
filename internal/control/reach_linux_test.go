package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// keep holds the lock beside the socket as a keeper does.
func keep(t *testing.T, socket string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(filepath.Dir(socket), "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// While a keeper lives and no supervisor listens, one is on its way: the client waits for it.
func TestClientWaitsForASuccessor(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	keep(t, socket)
	listening := make(chan *Server, 1)
	time.AfterFunc(200*time.Millisecond, func() { // a client that doesn't wait has failed by then
		s, err := Listen(socket, &fakeBackend{}, NewHub(0))
		if err != nil {
			t.Error(err)
		}
		listening <- s
	})
	st, err := NewClient(socket).Status(within(t))
	if err != nil || st.Service != "shop" {
		t.Fatalf("%+v, %v", st, err)
	}
	if err := (<-listening).Close(within(t)); err != nil {
		t.Fatal(err)
	}
}

// When the keeper goes meanwhile, nobody will come.
func TestClientDoesNotWaitForNobody(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	f := keep(t, socket)
	if lives, err := keeperLives(socket); !lives || err != nil {
		t.Fatal("the keeper isn't seen")
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = f.Close() })
	begin := time.Now()
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, ErrNotRunning) {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 100*time.Millisecond || took >= successorTimeout {
		t.Fatalf("it took %v", took)
	}
	if lives, err := keeperLives(socket); lives || err != nil { // the file is left, as after kill -9
		t.Fatal("a keeper is seen that is gone")
	}
}

// While the keeper lives the service isn't said to be down, also when no supervisor comes in time.
func TestClientSaysThatASupervisorIsBeingStarted(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	keep(t, socket)
	_, err := NewClient(socket).Status(within(t))
	var starting *StartingError
	if !errors.As(err, &starting) || !errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), "its keeper lives") {
		t.Error(err)
	}
}
