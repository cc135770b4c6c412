package service

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/daruma-sh/daruma/service/internal/watchdog"
)

type checkKind uint8

const (
	liveness checkKind = iota
	readiness
)

var checkKinds = [...]string{liveness: "liveness", readiness: "readiness"}

func (k checkKind) String() string { return checkKinds[k] }

// The kubelet's defaults for probes.
// Source: kubernetes.io, "Configure Liveness, Readiness and Startup Probes".
const (
	defaultCheckPeriod    = 10 * time.Second
	defaultCheckTimeout   = time.Second
	defaultCheckThreshold = 3
)

// check is one registered function. Its fields below the line are guarded by Health.mu.
type check struct {
	name      string
	kind      checkKind
	run       func(context.Context) error
	period    time.Duration
	timeout   time.Duration
	threshold int

	timer    *time.Timer
	passing  bool
	failures int // in a row
	last     error
	why      string // last's text in one line. It is made where a panic in it is caught, and without a lock
	at       time.Time
	took     time.Duration
	runs     uint64
	atWork   bool // a run hasn't returned yet
	begun    time.Time
	counted  bool // its result was counted already
}

// CheckOption changes how a check is run.
type CheckOption func(*check)

// CheckEvery sets the time between two runs of a check: 10 s where it isn't given, at least 10 ms.
func CheckEvery(period time.Duration) CheckOption {
	return func(c *check) { c.period = max(period, 10*time.Millisecond) }
}

// CheckTimeout sets how long a run may take: 1 s where it isn't given. One that takes longer has failed.
func CheckTimeout(timeout time.Duration) CheckOption {
	return func(c *check) { c.timeout = max(timeout, time.Millisecond) }
}

// CheckThreshold sets how many runs in a row must fail before the check counts as failed: 3 where it isn't given. One success makes it
// pass again.
func CheckThreshold(failures int) CheckOption {
	return func(c *check) { c.threshold = max(failures, 1) }
}

// Liveness registers a check that finds out whether the service can go on. When it has failed as often in a row as its threshold, while the
// service starts or runs, the process ends, so that it is restarted (see [Host.Heartbeat]). It should fail only for what a restart mends:
// a database that can't be reached is a matter of readiness.
//
// It panics where name is empty or taken by another liveness check, or run is nil.
func (h *Health) Liveness(name string, run func(ctx context.Context) error, options ...CheckOption) {
	h.register(name, liveness, run, options)
}

// Readiness registers a check that finds out whether the service can do its work. It counts as failed until its first success.
// [Host.Ready] doesn't wait for it: until then the service has started, and isn't ready yet.
//
// It panics where name is empty or taken by another readiness check, or run is nil.
func (h *Health) Readiness(name string, run func(ctx context.Context) error, options ...CheckOption) {
	h.register(name, readiness, run, options)
}

func (h *Health) register(name string, kind checkKind, run func(context.Context) error, options []CheckOption) {
	if name == "" || run == nil {
		panic("daruma: a " + kind.String() + " check needs a name and a function")
	}
	c := &check{name: singleLine(name), kind: kind, run: run, passing: kind == liveness,
		period: defaultCheckPeriod, timeout: defaultCheckTimeout, threshold: defaultCheckThreshold}
	for _, set := range options {
		set(c)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for _, other := range h.checks {
		if other.name == c.name && other.kind == kind {
			panic("daruma: there is a " + kind.String() + " check called " + c.name + " already")
		}
	}
	h.checks = append(h.checks, c)
	c.timer = time.AfterFunc(0, func() { h.tick(c) })
	h.sendReadiness()
}

// tick runs a check, in the goroutine of its timer; or notes that the run before still hasn't returned.
func (h *Health) tick(c *check) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	c.timer.Reset(c.period)
	if c.atWork {
		if c.counted { // else its timeout is still to come
			err := fmt.Errorf("hasn't returned for %v", time.Since(c.begun).Round(time.Millisecond))
			h.count(c, err, err.Error())
		}
		h.mu.Unlock()
		return
	}
	c.atWork, c.counted, c.begun = true, false, time.Now()
	c.runs++
	h.busy++
	this := c.runs
	h.mu.Unlock()

	ctx, cancel := context.WithTimeout(h.ctx, c.timeout)
	defer cancel()
	late := time.AfterFunc(c.timeout, func() { h.timedOut(c, this) })
	defer late.Stop()
	err := errGoexit
	defer func() { // in a deferred function: the check may call runtime.Goexit
		if value := recover(); value != nil {
			err = &PanicError{In: c.kind.String() + " check " + c.name, Value: value, Stack: debug.Stack()}
		}
		h.returned(c, err)
	}()
	if err = c.run(ctx); err != nil {
		_ = err.Error()
	}
}

// timedOut counts a run that hasn't returned within its timeout as a failure.
func (h *Health) timedOut(c *check, run uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.runs != run || !c.atWork || c.counted {
		return
	}
	c.counted = true
	if time.Since(c.begun) < c.timeout+watchdog.Standstill {
		err := noAnswer(c)
		h.count(c, err, err.Error())
	}
}

func (h *Health) returned(c *check, err error) {
	why := ""
	if err != nil {
		why = shortLine(err.Error())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c.atWork = false
	h.busy--
	if h.idle != nil && h.busy == 0 {
		close(h.idle)
	}
	if c.counted {
		return // it was late: the next run may do better
	}
	c.counted = true
	if errors.Is(err, context.DeadlineExceeded) && time.Since(c.begun) >= c.timeout {
		if time.Since(c.begun) >= c.timeout+watchdog.Standstill {
			return
		}
		err = noAnswer(c)
		why = err.Error()
	}
	h.count(c, err, why)
}

func noAnswer(c *check) error { return fmt.Errorf("no answer within %v", c.timeout) }

// count takes a result into account. h.mu is held.
func (h *Health) count(c *check, err error, why string) {
	if h.closed || h.ctx.Err() != nil {
		return
	}
	c.last, c.why, c.at = err, why, time.Now()
	c.took = c.at.Sub(c.begun)
	if err == nil {
		if !c.passing && c.failures > 0 {
			h.host.async.Info(c.kind.String() + " check " + c.name + " passes again")
		}
		c.failures = 0
		h.setPassing(c, true)
		return
	}
	c.failures++
	var panicked *PanicError
	if errors.As(err, &panicked) && c.failures == 1 {
		h.host.async.Error(why, "stack", string(panicked.Stack))
	}
	if c.failures >= c.threshold {
		h.setPassing(c, false)
	}
}

// setPassing acts on a check that passes or fails now, and didn't before. h.mu is held.
func (h *Health) setPassing(c *check, passing bool) {
	if c.passing == passing {
		return
	}
	c.passing = passing
	if !passing {
		h.host.async.Warn(c.kind.String()+" check "+c.name+" failed", "error", c.lastError(), "times", c.failures)
	}
	if c.kind == readiness {
		h.sendReadiness()
	} else if !passing {
		h.hung(fmt.Sprintf("liveness check %s failed %d times in a row: %s", c.name, c.failures, c.lastError()))
	}
}

// lastError is the last error in one line.
func (c *check) lastError() string {
	switch {
	case c.last != nil:
		return c.why
	case c.at.IsZero():
		return "not checked yet"
	}
	return "ok"
}

func (c *check) result() CheckResult {
	return CheckResult{Name: c.name, OK: c.passing, Err: c.last, At: c.at, Took: c.took, Failures: c.failures}
}
