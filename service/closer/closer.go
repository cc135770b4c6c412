// Package closer ends in order what a program has begun: it stops accepting, drains, flushes, releases and leaves, each within its time, and
// reports what became of each step. Services use it with [github.com/daruma-sh/daruma/service], but it works in any program.
package closer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Phase is a phase of an orderly end.
type Phase uint8

// The phases, in the order in which a [Closer] goes through them.
const (
	PhaseStopAccepting Phase = iota // close listeners, unsubscribe, leave the load balancer: nothing new comes in
	PhaseDrain                      // finish what is in flight
	PhaseFlush                      // write what is in memory: queues, buffers, caches
	PhaseRelease                    // close connections, files, locks
	PhaseLeave                      // tell the cluster, release the lease: others may take over now
)

var phases = [...]string{PhaseStopAccepting: "stop accepting", PhaseDrain: "drain", PhaseFlush: "flush", PhaseRelease: "release", PhaseLeave: "leave"}

// String gives the phase's name.
func (p Phase) String() string {
	if int(p) >= len(phases) {
		return fmt.Sprintf("phase %d", uint8(p))
	}
	return phases[p]
}

// MarshalText gives the phase's name, so that it stands in JSON, a log's too.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// grace is how long a step may take to return once its context has ended, so that a step which heeds its context isn't counted as
// left behind.
const grace = 50 * time.Millisecond

// Closer ends what a service has begun, in order:
//
//	var end closer.Closer
//	end.Add(closer.PhaseDrain, "http", 20*time.Second, srv.Shutdown)
//	end.Add(closer.PhaseRelease, "database", 5*time.Second, func(context.Context) error { return db.Close() })
//	…
//	<-ctx.Done()
//	return end.Close(host.StopContext())
//
// The phases follow each other; the steps of one phase run at the same time, so that a phase takes as long as its slowest
// step. What must come after something else belongs in a later phase. A step that fails, panics, or doesn't return in time
// keeps no other from its turn. The zero value is ready, and all methods may be called from any goroutine.
type Closer struct {
	// Log, where set before Close, gets one record with the report: Info, or Warn where a step didn't succeed.
	Log *slog.Logger

	mu     sync.Mutex
	steps  []step
	begun  int // phases that Close has begun
	done   chan struct{}
	report Report
	err    error
}

type step struct {
	phase   Phase
	name    string
	timeout time.Duration
	run     func(context.Context) error
}

// Add adds a step. Its context ends after timeout, or with that of Close if that is sooner; 0 or less: with that of Close alone.
// A step may be added while Close is at an earlier phase; one for a phase that has begun is not run, and reported as
// [OutcomeTooLate]. It panics when phase is none of the five or run is nil: at the start of a program, not at its end.
func (c *Closer) Add(phase Phase, name string, timeout time.Duration, run func(context.Context) error) {
	if phase > PhaseLeave || run == nil {
		panic(fmt.Sprintf("daruma: Closer.Add(%s, %q): the phase must be one of the five, and the function must not be nil", phase, name))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if int(phase) < c.begun {
		c.report.Steps = append(c.report.Steps, Step{Phase: phase, Name: name, Outcome: OutcomeTooLate,
			Err: errors.New("added after its phase had begun")})
		return
	}
	c.steps = append(c.steps, step{phase, name, timeout, run})
}

// Close runs all steps and gives the errors of those that didn't succeed, joined. When ctx ends, the steps under way have a moment
// (50 ms) to return; the phases that are left still run, with a context that is over, so that what needs no time, such as
// closing a file, happens. Thus Close returns within ctx and at most a quarter of a second. A step that doesn't return is left
// behind with its goroutine. A second call waits for the first and gives the same error.
func (c *Closer) Close(ctx context.Context) error {
	c.mu.Lock()
	if c.done != nil {
		done := c.done
		c.mu.Unlock()
		<-done
		return c.err
	}
	c.done = make(chan struct{})
	defer close(c.done)
	c.mu.Unlock()

	begin := time.Now()
	for phase := PhaseStopAccepting; phase <= PhaseLeave; phase++ {
		c.runPhase(ctx, phase)
	}

	err := c.sum(time.Since(begin))
	switch {
	case c.Log == nil:
	case err != nil:
		c.Log.WarnContext(ctx, "closed, not all of it", "report", c.Report())
	default:
		c.Log.InfoContext(ctx, "closed", "report", c.Report())
	}
	return err
}

// sum joins the steps' errors.
func (c *Closer) sum(took time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Took = took
	var errs []error
	for _, s := range c.report.Steps {
		if s.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", s.Phase, s.Name, s.Err))
		}
	}
	c.err = errors.Join(errs...)
	return c.err
}

// Report is what Close did; before Close has returned, what it has done so far.
func (c *Closer) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.report
	report.Steps = append([]Step(nil), report.Steps...)
	return report
}

// runPhase runs the steps of one phase at the same time and waits for them.
func (c *Closer) runPhase(ctx context.Context, phase Phase) {
	c.mu.Lock()
	c.begun = int(phase) + 1
	var steps []step
	for _, s := range c.steps {
		if s.phase == phase {
			steps = append(steps, s)
		}
	}
	c.mu.Unlock()

	reports := make([]Step, len(steps)) // in the order in which they were added
	var all sync.WaitGroup
	for i, s := range steps {
		all.Go(func() { reports[i] = s.close(ctx) })
	}
	all.Wait()

	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Steps = append(c.report.Steps, reports...)
}

// close runs one step until it returns or is left behind.
func (s step) close(ctx context.Context) Step {
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("not finished within %v: %w", s.timeout, context.DeadlineExceeded))
		defer cancel()
	}
	begin := time.Now()
	result := make(chan Step, 1)
	go s.attempt(ctx, result)
	report := s.await(ctx, result)
	report.Phase, report.Name, report.Took = s.phase, s.name, time.Since(begin)
	return report
}

func (s step) await(ctx context.Context, result <-chan Step) Step {
	select {
	case report := <-result:
		return report
	case <-ctx.Done():
	}
	limit := time.NewTimer(grace)
	defer limit.Stop()
	select {
	case report := <-result:
		return report
	case <-limit.C:
		return Step{Outcome: OutcomeLeftBehind, Err: fmt.Errorf("still at work: %w", context.Cause(ctx))}
	}
}

// attempt calls the step. It answers after a panic too, and after a runtime.Goexit (t.FailNow in a test): nobody may be left waiting.
func (s step) attempt(ctx context.Context, result chan<- Step) {
	report := Step{Outcome: OutcomePanicked, Err: errors.New("the step ended its goroutine (runtime.Goexit)")}
	defer func() {
		if r := recover(); r != nil {
			report.Err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		result <- report
	}()
	err := s.run(ctx)
	switch {
	case err == nil:
		report = Step{Outcome: OutcomeDone}
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		report = Step{Outcome: OutcomeTimedOut, Err: context.Cause(ctx)}
	default:
		report = Step{Outcome: OutcomeFailed, Err: err}
	}
}
