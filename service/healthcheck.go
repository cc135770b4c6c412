package service

import (
	"cmp"
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

// Check is a check of a service's health. Name and Run are required; what is 0 has the kubelet's default.
type Check struct {
	// Name is in reports and logs; liveness checks have names of their own, and so have readiness checks.
	Name string
	// Run finds out: nil is a success. Its context ends after Timeout.
	Run func(ctx context.Context) error
	// Every is the time from one run to the next; 0: 10 s. At least 10 ms.
	Every time.Duration
	// Timeout is how long a run may take; 0: 1 s. One that takes longer has failed.
	Timeout time.Duration
	// Threshold is how many runs in a row must fail before the check counts as failed; 0: 3. One success makes it pass again.
	Threshold int
}

// withDefaults gives the check with all its times.
func (c Check) withDefaults() Check {
	c.Name = singleLine(c.Name)
	c.Every = max(cmp.Or(c.Every, defaultCheckPeriod), 10*time.Millisecond)
	c.Timeout = max(cmp.Or(c.Timeout, defaultCheckTimeout), time.Millisecond)
	c.Threshold = max(cmp.Or(c.Threshold, defaultCheckThreshold), 1)
	return c
}

// registered is a check at work. Health.mu guards its fields below the line.
type registered struct {
	Check
	kind checkKind

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

// Liveness registers a check that finds out whether the service can go on. When it has failed as often in a row as its threshold, while the
// service starts or runs, the process ends, so that it is restarted (see [Host.Heartbeat]). It should fail only for what a restart mends:
// a database that can't be reached is a matter of readiness.
//
// It panics where c has no name or no function, or its name is taken by another liveness check.
func (h *Health) Liveness(c Check) { h.register(liveness, c) }

// Readiness registers a check that finds out whether the service can do its work. It counts as failed until its first success.
// [Host.Ready] doesn't wait for it: until then the service has started, and isn't ready yet.
//
// It panics where c has no name or no function, or its name is taken by another readiness check.
func (h *Health) Readiness(c Check) { h.register(readiness, c) }

func (h *Health) register(kind checkKind, what Check) {
	if what.Name == "" || what.Run == nil {
		panic("daruma: a " + kind.String() + " check needs a name and a function")
	}
	c := &registered{Check: what.withDefaults(), kind: kind, passing: kind == liveness}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for _, other := range h.checks {
		if other.Name == c.Name && other.kind == kind {
			panic("daruma: there is a " + kind.String() + " check called " + c.Name + " already")
		}
	}
	h.checks = append(h.checks, c)
	c.timer = time.AfterFunc(0, func() { h.tick(c) })
	h.sendReadiness()
}

// tick runs a check, in the goroutine of its timer; or notes that the run before still hasn't returned.
func (h *Health) tick(c *registered) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	c.timer.Reset(c.Every)
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

	ctx, cancel := context.WithTimeout(h.ctx, c.Timeout)
	defer cancel()
	late := time.AfterFunc(c.Timeout, func() { h.timedOut(c, this) })
	defer late.Stop()
	err := errGoexit
	defer func() { // in a deferred function: the check may call runtime.Goexit
		if value := recover(); value != nil {
			err = &PanicError{In: c.kind.String() + " check " + c.Name, Value: value, Stack: debug.Stack()}
		}
		h.returned(c, err)
	}()
	if err = c.Run(ctx); err != nil {
		_ = err.Error()
	}
}

// timedOut counts a run that hasn't returned within its timeout as a failure.
func (h *Health) timedOut(c *registered, run uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.runs != run || !c.atWork || c.counted {
		return
	}
	c.counted = true
	if time.Since(c.begun) < c.Timeout+watchdog.Standstill {
		err := noAnswer(c)
		h.count(c, err, err.Error())
	}
}

func (h *Health) returned(c *registered, err error) {
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
	if errors.Is(err, context.DeadlineExceeded) && time.Since(c.begun) >= c.Timeout {
		if time.Since(c.begun) >= c.Timeout+watchdog.Standstill {
			return
		}
		err = noAnswer(c)
		why = err.Error()
	}
	h.count(c, err, why)
}

func noAnswer(c *registered) error { return fmt.Errorf("no answer within %v", c.Timeout) }

// count takes a result into account. h.mu is held.
func (h *Health) count(c *registered, err error, why string) {
	if h.closed || h.ctx.Err() != nil {
		return
	}
	c.last, c.why, c.at = err, why, time.Now()
	c.took = c.at.Sub(c.begun)
	if err == nil {
		if !c.passing && c.failures > 0 {
			h.host.async.Info(c.kind.String() + " check " + c.Name + " passes again")
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
	if c.failures >= c.Threshold {
		h.setPassing(c, false)
	}
}

// setPassing acts on a check that passes or fails now, and didn't before. h.mu is held.
func (h *Health) setPassing(c *registered, passing bool) {
	if c.passing == passing {
		return
	}
	c.passing = passing
	if !passing {
		h.host.async.Warn(c.kind.String()+" check "+c.Name+" failed", "error", c.lastError(), "times", c.failures)
	}
	if c.kind == readiness {
		h.sendReadiness()
	} else if !passing {
		h.hung(fmt.Sprintf("liveness check %s failed %d times in a row: %s", c.Name, c.failures, c.lastError()))
	}
}

// lastError is the last error in one line.
func (c *registered) lastError() string {
	switch {
	case c.last != nil:
		return c.why
	case c.at.IsZero():
		return "not checked yet"
	}
	return "ok"
}

func (c *registered) result() CheckResult {
	return CheckResult{Name: c.Name, OK: c.passing, Err: c.last, At: c.at, Took: c.took, Failures: c.failures}
}
