package poll

import (
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

func TestWhenSignalled(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	object := func() windows.Handle {
		h, err := windows.CreateEvent(nil, 1, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { windows.CloseHandle(h) })
		return h
	}
	one, other := object(), object()
	calls := 0
	w, err := p.WhenSignalled(one, func() { calls++ })
	if err != nil {
		t.Fatal(err)
	}
	stopped, err := p.WhenSignalled(other, func() { t.Error("it was stopped before") })
	if err != nil {
		t.Fatal(err)
	}
	stopped.Stop()
	_ = windows.SetEvent(other)
	_ = windows.SetEvent(one)
	for end := monotonic.Now() + 20*time.Second; calls == 0 && monotonic.Now() < end; {
		p.Wait(time.Second)
	}
	w.Stop()
	p.Wait(0)
	if calls != 1 {
		t.Errorf("called %d times, want once", calls)
	}
	if len(p.waits) != 0 {
		t.Errorf("%d waits are left over", len(p.waits))
	}
}
