package hosting

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// reports notes what it is told.
type reports struct{ texts []string }

func (r *reports) SetStatus(text string) { r.texts = append(r.texts, text) }
func (r *reports) Ready()                { r.texts = append(r.texts, "READY") }

func TestRunningIsReportedAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told reports
		s := startReport{timeout: time.Minute}
		end := s.begin(&told)
		defer end()
		s.changed(wire.ServiceState{Status: "1 program: 1 running; not ready: api"})
		time.Sleep(time.Minute - time.Nanosecond)
		s.mu.Lock()
		if slices.Contains(told.texts, "READY") {
			t.Errorf("ready before its time: %q", told.texts)
		}
		s.mu.Unlock()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		s.changed(wire.ServiceState{Up: true, Status: "1 program: 1 ready"})
		want := []string{"1 program: 1 running; not ready: api",
			"1 program: 1 running; not ready: api (not up after 1m0s, reported running all the same)", "READY", "1 program: 1 ready"}
		if !slices.Equal(told.texts, want) {
			t.Errorf("it was told %q, want %q", told.texts, want)
		}
	})
}

func TestRunningIsReportedWhenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told reports
		s := startReport{timeout: time.Minute}
		end := s.begin(&told)
		s.changed(wire.ServiceState{Up: true, Status: "1 program: 1 ready"})
		end()
		time.Sleep(time.Hour)
		if want := []string{"1 program: 1 ready", "READY"}; !slices.Equal(told.texts, want) {
			t.Errorf("it was told %q, want %q", told.texts, want)
		}
	})
}
