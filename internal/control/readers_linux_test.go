package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/readers"
)

// ownSet are readers of whom the test's own user is one.
func ownSet(*testing.T) readers.Set { return readers.Set{UIDs: []uint32{uint32(os.Geteuid())}} }

// TestReadersAreKnownByTheKernel: with folder and sockets open to everybody, readers come in by their account or any of their groups, as readers
// alone; strangers get nothing from either socket.
func TestReadersAreKnownByTheKernel(t *testing.T) {
	onlyRoot(t)
	base, err := os.MkdirTemp("", "daruma-control")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	socket := filepath.Join(base, "run", "control.sock")
	b := &fakeBackend{}
	s, err := listenWith(socket, b, NewHub(0), defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(within(t)) })
	open := func() {
		t.Helper()
		for path, mode := range map[string]os.FileMode{base: 0o755, filepath.Dir(socket): 0o755, socket: 0o666, readersSocket(socket): 0o666} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	many := make([]string, 300) // more than the first list has room for
	for i := range many {
		many[i] = "9000"
	}
	many[299] = "4713"
	for _, set := range []readers.Set{{UIDs: []uint32{4711}}, {GIDs: []uint32{4713}}, {UIDs: []uint32{4711}, GIDs: []uint32{4713}}} {
		if changed, err := s.SetReaders(socket, set); !changed || err != nil {
			t.Fatalf("changed %v, %v", changed, err)
		}
		open()
		for _, c := range []struct {
			who    string
			reader bool
		}{
			{"4711", len(set.UIDs) > 0}, {"4711:100", len(set.UIDs) > 0}, {"4712:4713", len(set.GIDs) > 0},
			{"4712:100,4713", len(set.GIDs) > 0}, {"4712:" + strings.Join(many, ","), len(set.GIDs) > 0},
			{"4712", false}, {"4713", false}, {"4712:4711", false},
		} {
			if got := clientOf(t, c.who, readersSocket(socket)); strings.Contains(got, "got in: <nil>") != c.reader {
				t.Errorf("%v: user %.40s gets %q", set, c.who, got)
			} else if !c.reader && (!strings.Contains(got, "refused: 403") || !strings.Contains(got, "none of the service's readers")) {
				t.Errorf("%v: a stranger is told %q", set, got)
			}
			if got := clientOf(t, c.who, socket); !strings.Contains(got, "refused: 403") {
				t.Errorf("%v: user %.40s gets %q from the owner's socket", set, c.who, got)
			}
		}
	}
	if got := b.commands(); len(got) > 0 {
		t.Errorf("somebody had %v carried out", got)
	}
}

// TestTheClientFindsTheReadersSocket: who may not open the control socket is let in as a reader, where the service has readers, and refused an
// order; where it has none, whose service it is and what to do is said.
func TestTheClientFindsTheReadersSocket(t *testing.T) {
	onlyRoot(t)
	base, err := os.MkdirTemp("", "daruma-control")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	socket := filepath.Join(base, "run", "control.sock")
	s, err := listenWith(socket, &fakeBackend{}, NewHub(0), defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(within(t)) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := clientOf(t, "4711", socket); !strings.Contains(got, "denied") || !strings.Contains(got, "use sudo") || !strings.Contains(got, "control.readers") {
		t.Errorf("without readers: %q", got)
	}
	if _, err := s.SetReaders(socket, readers.Set{UIDs: []uint32{4711}}); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{filepath.Dir(socket): 0o711, readersSocket(socket): 0o666} { // as the keeper opens them
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got := clientOf(t, "4711", socket); !strings.Contains(got, "got in: <nil>") {
		t.Errorf("with readers: %q", got)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the control socket has %v: %v", info.Mode(), err)
	}
}
