package cli

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

type said struct{ words []string }

func (s *said) Status(text string) { s.words = append(s.words, text) }
func (s *said) Ready()             { s.words = append(s.words, "READY") }

func TestRunningIsReportedAtTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard said
		s := standing{bound: time.Minute}
		end := s.begin(&heard)
		defer end()
		s.changed(wire.ServiceState{Status: "1 program: 1 running; not ready: api"})
		time.Sleep(time.Minute - time.Nanosecond)
		s.mu.Lock()
		if slices.Contains(heard.words, "READY") {
			t.Errorf("ready before its time: %q", heard.words)
		}
		s.mu.Unlock()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		s.changed(wire.ServiceState{Up: true, Status: "1 program: 1 ready"})
		want := []string{"1 program: 1 running; not ready: api",
			"1 program: 1 running; not ready: api (not up after 1m0s, reported running all the same)", "READY", "1 program: 1 ready"}
		if !slices.Equal(heard.words, want) {
			t.Errorf("it said %q, want %q", heard.words, want)
		}
	})
}

func TestRunningIsReportedWhenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard said
		s := standing{bound: time.Minute}
		end := s.begin(&heard)
		s.changed(wire.ServiceState{Up: true, Status: "1 program: 1 ready"})
		end()
		time.Sleep(time.Hour)
		if want := []string{"1 program: 1 ready", "READY"}; !slices.Equal(heard.words, want) {
			t.Errorf("it said %q, want %q", heard.words, want)
		}
	})
}
