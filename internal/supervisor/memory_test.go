package supervisor

import (
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/engine"
)

func TestStartsGoOn(t *testing.T) {
	never, early, late := &engine.Program{}, &engine.Program{StartedAt: time.Minute}, &engine.Program{StartedAt: time.Minute + 900*time.Millisecond}
	for at, want := range map[time.Duration]bool{
		time.Minute + 950*time.Millisecond:  true,
		time.Minute + 1899*time.Millisecond: true,
		time.Minute + 1900*time.Millisecond: false,
		time.Hour:                           false,
	} {
		if got := startsGoOn([]*engine.Program{never, late, early}, at); got != want {
			t.Errorf("%v: %v", at, got)
		}
	}
	if startsGoOn([]*engine.Program{never}, time.Millisecond) {
		t.Error("a program that was never started goes on starting")
	}
}
