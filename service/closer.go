package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// ClosePhase is a phase of an orderly end.
type ClosePhase uint8

// The phases, in the order in which a [Closer] goes through them.
const (
	StopAccepting ClosePhase = iota // close listeners, unsubscribe, leave the load balancer: nothing new comes in
	Drain                           // finish what is in flight
	Flush                           // write what is in memory: queues, buffers, caches
	Release                         // close connections, files, locks
	Leave                           // tell the cluster, release the lease: others may take over now
)

var closePhases = [...]string{StopAccepting: "stop accepting", Drain: "drain", Flush: "flush", Release: "release", Leave: "leave"}

// String gives the phase's name.
func (p ClosePhase) String() string {
	if int(p) >= len(closePhases) {
		return fmt.Sprintf("phase %d", uint8(p))
	}
	return closePhases[p]
}

// MarshalText gives the phase's name, so that it stands in JSON, a log's too.
func (p ClosePhase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// closeGrace is how long a step may take to return once its context has ended, so that a step which heeds its context isn't counted as
// left behind.
const closeGrace = 50 * time.Millisecond

// Closer ends what a service has begun, in order:
//
//	var closer service.Closer
//	closer.Add(service.Drain, "http", 20*time.Second, srv.Shutdown)
//	closer.Add(service.Release, "database", 5*time.Second, func(context.Context) error { return db.Close() })
//	…
//	<-ctx.Done()
//	return closer.Close(host.StopContext())
//
// The phases follow each other; the steps of one phase run at the same time, so that a phase takes as long as its slowest
// step. What must come after something else belongs in a later phase. A step that fails, panics, or doesn't return in time
// keeps no other from its turn. The zero value is ready, and all methods may be called from any goroutine. It needs no
// [Host].
type Closer struct {
	// Log, where set before Close, gets one record with the report: Info, or Warn where a step didn't succeed.
	Log *slog.Logger

	mu     sync.Mutex
	steps  []closeStep
	begun  int // phases that Close has begun
	done   chan struct{}
	report CloseReport
	err    error
}

type closeStep struct {
	phase   ClosePhase
	name    string
	timeout time.Duration
	run     func(context.Context) error
}

// Add adds a step. Its context ends after timeout, or with that of Close if that is sooner; 0 or less: with that of Close alone.
// A step may be added while Close is at an earlier phase; one for a phase that has begun is not run, and reported as
// [StepTooLate]. It panics when phase is none of the five or run is nil: at the start of a program, not at its end.
func (c *Closer) Add(phase ClosePhase, name string, timeout time.Duration, run func(context.Context) error) {
	if phase > Leave || run == nil {
		panic(fmt.Sprintf("daruma: Closer.Add(%s, %q): the phase must be one of the five, and the function must not be nil", phase, name))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if int(phase) < c.begun {
		c.report.Steps = append(c.report.Steps, StepReport{Phase: phase, Name: name, Outcome: StepTooLate,
			Err: errors.New("added after its phase had begun")})
		return
	}
	c.steps = append(c.steps, closeStep{phase, name, timeout, run})
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
	for phase := StopAccepting; phase <= Leave; phase++ {
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
func (c *Closer) Report() CloseReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.report
	report.Steps = append([]StepReport(nil), report.Steps...)
	return report
}

// runPhase runs the steps of one phase at the same time and waits for them.
func (c *Closer) runPhase(ctx context.Context, phase ClosePhase) {
	c.mu.Lock()
	c.begun = int(phase) + 1
	var steps []closeStep
	for _, s := range c.steps {
		if s.phase == phase {
			steps = append(steps, s)
		}
	}
	c.mu.Unlock()

	reports := make([]StepReport, len(steps)) // in the order in which they were added
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
func (s closeStep) close(ctx context.Context) StepReport {
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("not finished within %v: %w", s.timeout, context.DeadlineExceeded))
		defer cancel()
	}
	begin := time.Now()
	result := make(chan StepReport, 1)
	go s.attempt(ctx, result)
	report := s.await(ctx, result)
	report.Phase, report.Name, report.Took = s.phase, s.name, time.Since(begin)
	return report
}

func (s closeStep) await(ctx context.Context, result <-chan StepReport) StepReport {
	select {
	case report := <-result:
		return report
	case <-ctx.Done():
	}
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case report := <-result:
		return report
	case <-grace.C:
		return StepReport{Outcome: StepLeftBehind, Err: fmt.Errorf("still at work: %w", context.Cause(ctx))}
	}
}

// attempt calls the step. It answers after a panic too, and after a runtime.Goexit (t.FailNow in a test): nobody may be left waiting.
func (s closeStep) attempt(ctx context.Context, result chan<- StepReport) {
	report := StepReport{Outcome: StepPanicked, Err: errors.New("the step ended its goroutine (runtime.Goexit)")}
	defer func() {
		if r := recover(); r != nil {
			report.Err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		result <- report
	}()
	err := s.run(ctx)
	switch {
	case err == nil:
		report = StepReport{Outcome: StepDone}
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		report = StepReport{Outcome: StepTimedOut, Err: context.Cause(ctx)}
	default:
		report = StepReport{Outcome: StepFailed, Err: err}
	}
}
