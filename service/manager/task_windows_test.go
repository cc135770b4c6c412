package manager

import (
	"os"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/internal/wine"
)

// someFallback registers nothing that Windows would run with effect: ensure isn't a verb of the test binary.
func someFallback(t *testing.T, name string) Fallback {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Fallback{Name: name, DisplayName: `Tom & "Jerry" <é漢>`, Executable: exe, Every: 7 * time.Minute, Patience: 75 * time.Second}
}

// TestTask registers a task with the Task Scheduler of this machine, changes it, and removes it.
func TestTask(t *testing.T) {
	const name = "daruma-test-task"
	var m Manager
	f := someFallback(t, name)
	remove := func() {
		if _, err := m.UnregisterTask(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	remove()
	defer remove()

	if plan, err := m.PlanTask(t.Context(), f); err != nil || !plan.Created {
		t.Fatalf("planned: %v %v", plan, err)
	}
	if changes, err := m.RegisterTask(t.Context(), f); err != nil || !changes.Created {
		t.Fatalf("registered: %v %v", changes, err)
	}
	if changes, err := m.RegisterTask(t.Context(), f); err != nil || !changes.None() {
		t.Errorf("registered again: %v %v", changes, err)
	}
	f.WakeToRun, f.Every = true, 11*time.Minute
	changes, err := m.RegisterTask(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"task.Settings/WakeToRun": "false → true", "task.Triggers/TimeTrigger/Repetition/Interval": "PT7M → PT11M"}
	if wine.Running() { // keeps no triggers, so that it can't tell that one changed
		delete(want, "task.Triggers/TimeTrigger/Repetition/Interval")
	}
	if len(changes.Changed) != len(want) {
		t.Errorf("changed: %v", changes)
	}
	for _, c := range changes.Changed {
		if c.String() != c.Setting+": "+want[c.Setting] {
			t.Errorf("changed: %v, want %q", c, want[c.Setting])
		}
	}
	remove()
	if plan, err := m.PlanTask(t.Context(), f); err != nil || !plan.Created {
		t.Errorf("after its removal: %v %v", plan, err)
	}
}
