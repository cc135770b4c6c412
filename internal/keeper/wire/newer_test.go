package wire

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
)

// TestNewerKeeper: a supervisor passes over what a newer keeper says and it doesn't know; the keeper takes nothing that it doesn't know.
func TestNewerKeeper(t *testing.T) {
	longer := AppendFrame(nil, &Frozen{ID: "api", Generation: 3}, 0)
	longer = append(longer, "a field of the next version"...)
	binary.LittleEndian.PutUint32(longer, uint32(len(longer)-4))
	unknown := []byte{4, 0, 0, 0, byte(len(kinds)), 0, 1, 2}
	l := &Link{in: bytes.Join([][]byte{unknown, longer, AppendFrame(nil, &Welcome{}, 0)}, nil)}
	for _, want := range []Message{&Frozen{ID: "api", Generation: 3}, &Welcome{}} {
		if m, _, err := l.Receive(); err != nil || !reflect.DeepEqual(m, want) {
			t.Fatalf("%+v, %v; want %+v", m, err, want)
		}
	}
	for _, data := range [][]byte{unknown, longer} {
		if _, _, _, ok, err := NextFrame(data); ok || err == nil {
			t.Errorf("the keeper takes %q", data)
		}
	}
}

// TestOlderKeeper: what it doesn't say is zero.
func TestOlderKeeper(t *testing.T) {
	old := AppendFrame(nil, &Hello{KeeperPID: 7, Mark: "m"}, 0)
	new := AppendFrame(nil, &Hello{KeeperPID: 7, Mark: "m", Version: "v"}, 0)
	at := 0
	for old[header+at] == new[header+at] {
		at++
	}
	old = old[:header+at] // what follows is the version, and all that came later
	binary.LittleEndian.PutUint32(old, uint32(len(old)-4))
	l := &Link{in: old}
	if m, _, err := l.Receive(); err != nil || !reflect.DeepEqual(m, &Hello{KeeperPID: 7, Mark: "m"}) {
		t.Errorf("%+v, %v", m, err)
	}
}
