package supervisor

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// TestThePastOfATask: a predecessor's hook or exec probe has the same id. Its end isn't that of the one under way.
func TestThePastOfATask(t *testing.T) {
	id := taskID("api", hookPreStop)
	now := &task{id: id, generation: 7, done: make(chan taskResult, 1)}
	s := &supervisor{link: &wire.Link{}, tasks: map[string]*task{id: now}, runtimes: map[string]*programRuntime{}}
	s.handle(&wire.Exited{ID: id, Generation: 6, Exit: wire.Exit{Code: -1, Signal: 9}}, nil)
	s.handle(&wire.Failed{ID: id, Generation: 5, Error: "too late"}, nil)
	s.handle(&wire.Started{ID: id, Run: wire.Run{Generation: 6}}, nil)
	if s.tasks[id] != now || len(now.done) != 0 {
		t.Error("it was ended by what happened to another run")
	}
	s.handle(&wire.Exited{ID: id, Generation: 7, Exit: wire.Exit{Code: 3}}, nil)
	if len(s.tasks) != 0 || len(s.runtimes) != 0 {
		t.Errorf("left: %v, %v", s.tasks, s.runtimes)
	}
	if r := <-now.done; r.code != 3 {
		t.Errorf("%+v", r)
	}
}
