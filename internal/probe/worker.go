package probe

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// earlyProbeWithin is the longest time between initialDelay and the early probe of startup and readiness.
const earlyProbeWithin = time.Second

// Worker makes one probe of one run of a program again and again. Its methods may be called from any goroutine.
type Worker struct {
	ctx       context.Context
	c         Config
	epoch     time.Time // probes are due whole periods after it
	notBefore time.Time // when initialDelay is over

	mu            sync.Mutex
	timer         *time.Timer
	early         bool               // the next probe is the early one
	stopped       bool               // for good
	inFlight      chan struct{}      // closed when the probe under way and its report are over; nil: none is under way
	cancel        context.CancelFunc // ends the probe under way
	discard       bool               // the result of the probe under way is to be dropped
	last          Last
	sleepDetector sleepDetector
}

// firstDelay gives the wait until the first probe after now, and decides whether that is the early one.
func (w *Worker) firstDelay(now time.Time) time.Duration {
	from := now
	if w.notBefore.After(from) {
		from = w.notBefore
	}
	w.early = w.c.Kind != Liveness && !w.last.Healthy && w.c.Probe.Period > earlyProbeWithin
	if w.early {
		return from.Sub(now) + time.Duration(rand.Float64()*float64(earlyProbeWithin))
	}
	return w.nextProbeTime(from).Sub(now)
}

// nextProbeTime gives the first moment after t at which a probe is due.
func (w *Worker) nextProbeTime(t time.Time) time.Time {
	period := w.c.Probe.Period
	since := t.Sub(w.epoch) % period // Go's remainder has the sign of the dividend
	if since < 0 {
		since += period
	}
	return t.Add(period - since)
}

// tick makes one probe and reports it, in the timer's goroutine.
func (w *Worker) tick() {
	ctx, early, ok := w.begin()
	if !ok {
		return
	}
	result := attempt{limit: w.c.Probe.Timeout}.run(ctx, w.c.Probe.Handler, w.c.Runner)
	outcome, changed := w.finish(result, early)
	if changed && w.c.Report != nil {
		w.c.Report(outcome)
	}
	w.end()
}

func (w *Worker) begin() (ctx context.Context, early, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx.Err() != nil {
		w.stopped = true
	}
	if w.stopped || w.last.Paused || w.last.Resting {
		return nil, false, false
	}
	if w.inFlight != nil { // one that Pause cancelled hasn't returned yet
		w.scheduleNext()
		return nil, false, false
	}
	early, w.early = w.early, false
	w.inFlight, w.discard = make(chan struct{}), false
	if w.c.Probe.Timeout > 0 {
		ctx, w.cancel = context.WithTimeout(w.ctx, w.c.Probe.Timeout)
	} else {
		ctx, w.cancel = context.WithCancel(w.ctx)
	}
	return ctx, early, true
}

// finish counts a result and reports whether the outcome changed.
func (w *Worker) finish(r Result, early bool) (Outcome, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel()
	if w.discard || w.stopped || w.ctx.Err() != nil {
		return Outcome{}, false
	}
	l := &w.last
	if w.sleepDetector.slept() {
		if l.Successes, l.Failures = 0, 0; !r.OK {
			return Outcome{}, false
		}
	}
	l.Result, l.At = r, time.Now()
	l.Probes++
	switch {
	case r.Unknown:
		return Outcome{}, false
	case r.OK:
		l.Successes++
		l.Failures = 0
		if l.Successes < w.c.Probe.SuccessThreshold {
			return Outcome{}, false
		}
	default:
		l.Failed++
		l.Successes = 0
		if early || w.sleepDetector.inGrace() {
			return Outcome{}, false
		}
		l.Failures++
		if l.Failures < w.c.Probe.FailureThreshold {
			return Outcome{}, false
		}
	}
	// A startup probe has no outcome before its first one, so a failure is reported although it began as false.
	if l.Healthy == r.OK && w.c.Kind != Startup {
		return Outcome{}, false
	}
	l.Healthy = r.OK
	l.Resting = w.c.Kind == Startup || w.c.Kind == Liveness && !r.OK
	return w.outcome(r), true
}

func (w *Worker) outcome(r Result) Outcome {
	o := Outcome{Kind: w.c.Kind, Generation: w.c.Generation, Healthy: r.OK, At: w.last.At}
	verb, times := "succeeded", w.last.Successes
	if !r.OK {
		verb, times = "failed", w.last.Failures
		o.LastError, o.ConsecutiveFailures = r.Message, times
	}
	o.Reason = string(w.c.Kind) + " " + verb
	if times > 1 {
		o.Reason += fmt.Sprintf(" %d times in a row", times)
	}
	if r.Message != "" {
		o.Reason += ": " + r.Message
	}
	return o
}

// end sets the timer for the next probe.
func (w *Worker) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.inFlight)
	w.inFlight = nil
	if !w.stopped && !w.last.Paused && !w.last.Resting && !w.discard {
		w.scheduleNext()
	}
}

// scheduleNext sets the timer to the next moment at which a probe is due.
func (w *Worker) scheduleNext() {
	now := time.Now()
	w.timer.Reset(w.nextProbeTime(now).Sub(now))
}

// Woke ends the probe under way without a result and resets the counters: the machine slept, or is about to. The next probe
// comes soon; for a while failures don't count. The outcome stays.
func (w *Worker) Woke() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sleepDetector.woke()
	w.last.Successes, w.last.Failures = 0, 0
	if w.stopped || w.last.Paused || w.last.Resting {
		return
	}
	w.cancelInFlight()
	w.timer.Reset(w.firstDelay(time.Now()))
}

// Pause ends the probe under way without a result and starts no more until [Worker.Resume]: the program is frozen.
// The outcome stays.
func (w *Worker) Pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last.Paused || w.stopped {
		return
	}
	w.last.Paused = true
	w.cancelInFlight()
}

// Resume starts to probe again, soon. It resets the counters: what was counted before the pause says nothing about now.
func (w *Worker) Resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.last.Paused || w.stopped {
		return
	}
	w.last.Paused, w.last.Successes, w.last.Failures = false, 0, 0
	if !w.last.Resting {
		w.timer.Reset(w.firstDelay(time.Now()))
	}
}

// Cancel begins to stop: it ends the probe under way and returns at once. A report that was already decided
// may still come: [Worker.Stop] waits for it.
func (w *Worker) Cancel() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.cancelInFlight()
}

// Stop stops for good and waits until the probe under way has been ended, with whatever it started.
// Nothing is reported after it has returned. It must not be called from Report.
func (w *Worker) Stop() {
	w.Cancel()
	w.mu.Lock()
	inFlight := w.inFlight
	w.mu.Unlock()
	if inFlight != nil {
		<-inFlight
	}
}

func (w *Worker) cancelInFlight() {
	w.timer.Stop()
	if w.inFlight != nil {
		w.discard = true
		w.cancel()
	}
}

// Last gives the current state of the worker, for status.
func (w *Worker) Last() Last {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.last
	l.Resting = l.Resting || w.stopped
	return l
}
