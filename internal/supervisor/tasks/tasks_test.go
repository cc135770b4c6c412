package tasks

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// TestEndOfAnEarlierRun: a predecessor's hook or exec probe has the same id. Its end isn't that of the one under way.
func TestEndOfAnEarlierRun(t *testing.T) {
	id := ID("api", PreStop)
	now := &task{id: id, generation: 7, done: make(chan result, 1)}
	s := New(Config{Send: func(wire.Message) {}})
	s.byID[id] = now
	s.Exited(&wire.Exited{ID: id, Generation: 6, Exit: wire.Exit{Code: -1, Signal: 9}})
	s.Failed(&wire.Failed{ID: id, Generation: 5, Error: "too late"})
	s.Started(&wire.Started{ID: id, Run: wire.Run{Generation: 6}}, nil)
	if s.byID[id] != now || len(now.done) != 0 {
		t.Error("it was ended by what happened to another run")
	}
	s.Exited(&wire.Exited{ID: id, Generation: 7, Exit: wire.Exit{Code: 3}})
	if len(s.byID) != 0 {
		t.Errorf("left: %v", s.byID)
	}
	if r := <-now.done; r.code != 3 {
		t.Errorf("%+v", r)
	}
}
