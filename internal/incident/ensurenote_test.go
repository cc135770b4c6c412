package incident

import (
	"testing"
	"time"
)

func TestEnsureNoteIsTakenOnce(t *testing.T) {
	config, state := t.TempDir(), t.TempDir()
	if _, ok := TakeEnsureNote(config, state); ok {
		t.Error("a note where there is none")
	}
	first := EnsureNote{Since: time.Now().Add(-time.Minute).Round(0), At: time.Now().Round(0), Cause: "the service died", Action: "started", Attempts: 1}
	leave := func(o EnsureNote) {
		t.Helper()
		if err := WriteEnsureNote(config, o); err != nil {
			t.Fatal(err)
		}
	}
	leave(first)
	if o, ok := TakeEnsureNote(config, state); !ok || !o.At.Equal(first.At) || o.Cause != first.Cause {
		t.Errorf("the note: %+v %v", o, ok)
	}
	first.Failed = true // noted after the supervisor had come up, and taken it
	leave(first)
	if o, ok := TakeEnsureNote(config, state); ok {
		t.Errorf("the same once more: %+v", o)
	}
	second := first
	second.At, second.Attempts = first.At.Add(time.Second), 2
	leave(second)
	if o, ok := TakeEnsureNote(config, state); !ok || o.Attempts != 2 {
		t.Errorf("the next: %+v %v", o, ok)
	}
	if err := WriteEnsureNote(config+"/gone", second); err == nil {
		t.Error("a note in a folder that isn't there")
	}
}
