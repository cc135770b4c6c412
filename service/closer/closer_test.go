package closer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// steps notes who began and ended, in order.
type steps struct {
	mu   sync.Mutex
	list []string
}

func (s *steps) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, what)
}

// takes is a step that needs d, whatever its context says.
func (s *steps) takes(name string, d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		s.note(name + " begins")
		time.Sleep(d)
		s.note(name + " ends")
		return nil
	}
}

func TestCloserOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s steps
		var c Closer
		c.Add(PhaseLeave, "cluster", 0, s.takes("cluster", time.Second))
		c.Add(PhaseDrain, "http", 0, s.takes("http", 3*time.Second))
		c.Add(PhaseDrain, "grpc", 0, s.takes("grpc", 2*time.Second))
		c.Add(PhaseStopAccepting, "listener", 0, s.takes("listener", 0))
		c.Add(PhaseRelease, "database", 0, s.takes("database", 0))
		c.Add(PhaseFlush, "queue", 0, s.takes("queue", time.Second))
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
		got := strings.Join(s.list, ", ")
		got = strings.Replace(got, "grpc begins, http begins", "http begins, grpc begins", 1)
		want := "listener begins, listener ends, http begins, grpc begins, grpc ends, http ends, queue begins, queue ends, " +
			"database begins, database ends, cluster begins, cluster ends"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		r := c.Report()
		if r.Took != 5*time.Second || len(r.Steps) != 6 || r.Steps[1].Name != "http" || r.Steps[1].Took != 3*time.Second || r.Steps[2].Took != 2*time.Second {
			t.Errorf("report %+v", r)
		}
		if err := c.Close(t.Context()); err != nil || len(s.list) != 12 {
			t.Errorf("the second Close: %v, %q", err, s.list)
		}
	})
}

// TestCloserFaults: whatever a step does, the others get their turn.
func TestCloserFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := errors.New("no way")
		let := make(chan struct{})
		var log bytes.Buffer
		c := Closer{Log: slog.New(slog.NewTextHandler(&log, nil))}
		c.Add(PhaseStopAccepting, "panics", 0, func(context.Context) error { panic("at the disco") })
		c.Add(PhaseStopAccepting, "goexit", 0, func(context.Context) error { runtime.Goexit(); return nil })
		c.Add(PhaseDrain, "obeys", 2*time.Second, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		c.Add(PhaseDrain, "ignores", 2*time.Second, func(context.Context) error { <-let; return nil })
		c.Add(PhaseDrain, "own words", 2*time.Second, func(ctx context.Context) error { <-ctx.Done(); return wrong })
		c.Add(PhaseFlush, "fails", time.Second, func(context.Context) error { return wrong })
		c.Add(PhaseFlush, "late", 0, func(context.Context) error {
			c.Add(PhaseDrain, "too late", 0, func(context.Context) error { t.Error("ran"); return nil })
			c.Add(PhaseRelease, "just in time", 0, func(context.Context) error { return nil })
			return nil
		})
		err := c.Close(t.Context())
		if !errors.Is(err, wrong) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "drain: ignores: still at work: not finished within 2s") {
			t.Errorf("Close: %v", err)
		}
		want := map[string]Outcome{"panics": OutcomePanicked, "goexit": OutcomePanicked, "obeys": OutcomeTimedOut, "ignores": OutcomeLeftBehind,
			"own words": OutcomeFailed, "fails": OutcomeFailed, "late": OutcomeDone, "too late": OutcomeTooLate, "just in time": OutcomeDone}
		r := c.Report()
		for _, s := range r.Steps {
			if s.Outcome != want[s.Name] || (s.Err == nil) != (s.Outcome == OutcomeDone) {
				t.Errorf("%s: %v, %v", s.Name, s.Outcome, s.Err)
			}
			delete(want, s.Name)
		}
		if len(want) > 0 {
			t.Errorf("not in the report: %v", want)
		}
		if r.Took != 2*time.Second+grace {
			t.Errorf("took %v", r.Took)
		}
		if !strings.Contains(r.Steps[0].Err.Error(), "closer_test.go") {
			t.Errorf("a panic without its stack: %v", r.Steps[0].Err)
		}
		if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, `report.drain/ignores.outcome="left behind"`) {
			t.Errorf("the log says %s", got)
		}
		close(let)
	})
}

// TestCloserDeadline: the whole's deadline bounds every phase, and what needs no time still happens.
func TestCloserDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		released := false
		var c Closer
		for phase := PhaseStopAccepting; phase <= PhaseLeave; phase++ {
			c.Add(phase, "hangs", time.Minute, func(context.Context) error { <-let; return nil })
		}
		c.Add(PhaseRelease, "file", 0, func(context.Context) error { released = true; return nil })
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("the service's time is over"))
		defer cancel()
		begin := time.Now()
		err := c.Close(ctx)
		if took := time.Since(begin); took != 10*time.Second+5*grace {
			t.Errorf("took %v", took)
		}
		if !released || err == nil || !strings.Contains(err.Error(), "still at work: the service's time is over") {
			t.Errorf("released %v, %v", released, err)
		}
		close(let)
	})
}

func TestCloseReport(t *testing.T) {
	r := Report{Took: 20100 * time.Millisecond, Steps: []Step{
		{PhaseStopAccepting, "listener", 12345 * time.Nanosecond, OutcomeDone, nil},
		{PhaseDrain, "http", 20 * time.Second, OutcomeTimedOut, errors.New("not in time\nstack")},
	}}
	want := `PHASE           STEP      TOOK   OUTCOME
stop accepting  listener  12µs   done
drain           http      20s    timed out: not in time
all                       20.1s
`
	if got := r.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	text, err := json.Marshal(r)
	wantJSON := `{"tookSeconds":20.1,"steps":[{"phase":"stop accepting","step":"listener","tookSeconds":0.000012345,"outcome":"done"},` +
		`{"phase":"drain","step":"http","tookSeconds":20,"outcome":"timed out","error":"not in time\nstack"}]}`
	if err != nil || string(text) != wantJSON {
		t.Errorf("got  %s, %v\nwant %s", text, err, wantJSON)
	}
}

func TestCloserRefuses(t *testing.T) {
	for name, add := range map[string]func(*Closer){
		"phase":    func(c *Closer) { c.Add(PhaseLeave+1, "x", 0, func(context.Context) error { return nil }) },
		"function": func(c *Closer) { c.Add(PhaseDrain, "x", 0, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			add(new(Closer))
		}()
	}
}

func ExampleCloser() {
	var closer Closer
	closer.Add(PhaseDrain, "requests", 20*time.Second, func(context.Context) error { fmt.Println("answered"); return nil })
	closer.Add(PhaseFlush, "orders", 5*time.Second, func(context.Context) error { fmt.Println("written"); return nil })
	closer.Add(PhaseRelease, "database", time.Second, func(context.Context) error { fmt.Println("closed"); return nil })
	if err := closer.Close(context.Background()); err != nil { // in a service: host.StopContext()
		fmt.Println(err)
	}
	for _, s := range closer.Report().Steps {
		fmt.Println(s.Phase, s.Name, s.Outcome)
	}
	// Output:
	// answered
	// written
	// closed
	// drain requests done
	// flush orders done
	// release database done
}

// A step that closes its own closer waits for itself, until its time is over.
func TestCloserInsideItself(t *testing.T) {
	var c Closer
	c.Add(PhaseDrain, "again", 50*time.Millisecond, func(ctx context.Context) error {
		ended := make(chan error, 1)
		go func() { ended <- c.Close(ctx) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err := c.Close(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
