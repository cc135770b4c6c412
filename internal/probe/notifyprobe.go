package probe

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/notify"
)

// Ear is the worker of a notify probe: it asks nothing, it listens to what the program says of itself.
//
//	startupProbe    succeeds at READY=1; fails where none came within failureThreshold × periodSeconds
//	readinessProbe  follows READY=1, READY=0 and STOPPING=1 at once; it has no times and no thresholds
//	livenessProbe   fails at LIVE=0 at once, or where no WATCHDOG=1 came for periodSeconds, failureThreshold times in a row
//
// EXTEND_TIMEOUT_USEC lengthens a startup: to as long from now as it says, at most [maxExtension] each time and
// [maxExtensions] in all, so that a program that repeats it without end isn't started without end. It doesn't lengthen a stop:
// terminationGracePeriodSeconds is what the definition's author promised to the machine's shutdown, and a program
// that can't keep it mustn't be able to break the promise.
//
// An ear belongs to one goroutine, which calls its methods and runs what Post is given. That goroutine must hear
// what the program said before it runs what was posted later.
type Ear struct {
	c    Config
	post func(func())

	said   notify.State
	last   Last
	timer  *time.Timer
	serial uint64    // of the armed timer; an older one is stale
	due    time.Time // when the timer is to fire; zero: it isn't armed
	begun  time.Time // the window that is running: since the last beat, or since the probe began
	latest time.Time // startup: no extension goes beyond
	ended  bool
	sleep  sleeper
}

const (
	// maxExtension is the most that one EXTEND_TIMEOUT_USEC gives.
	maxExtension = 10 * time.Minute
	// maxExtensions is the most that all of them give, beyond what the definition allows.
	maxExtensions = time.Hour
)

// Listen starts to listen as c says; said is what the program has said so far. The program isn't asked anything, so that
// c.Runner, the timeout and the success threshold have no meaning. post runs a function in the goroutine
// that owns the ear, after what was posted before; it must not wait.
func Listen(c Config, said notify.State, post func(func())) *Ear {
	c.Probe.Period = max(c.Probe.Period, minPeriod)
	c.Probe.FailureThreshold = max(c.Probe.FailureThreshold, 1)
	e := &Ear{c: c, post: post, said: said, sleep: newSleeper(c.Slept)}
	e.last.Healthy = c.Kind == Liveness
	if c.Initial != nil {
		e.last.Healthy = *c.Initial
	}
	e.begin(max(c.Probe.InitialDelay-c.Running, 0))
	if said != (notify.State{}) { // else a predecessor may know more than the program has said since
		e.judge()
	}
	return e
}

// begin opens the window in which something has to be heard, after a delay.
func (e *Ear) begin(delay time.Duration) {
	e.begun = time.Now().Add(delay)
	switch e.c.Kind {
	case Liveness:
		e.arm(e.begun.Add(e.c.Probe.Period))
	case Startup:
		end := e.begun.Add(e.window())
		e.latest = end.Add(maxExtensions)
		e.arm(end)
	}
}

func (e *Ear) window() time.Duration {
	if e.c.Kind == Startup {
		return time.Duration(e.c.Probe.FailureThreshold) * e.c.Probe.Period
	}
	return e.c.Probe.Period
}

func (e *Ear) arm(at time.Time) {
	e.disarm()
	e.due = at
	serial := e.serial
	e.timer = time.AfterFunc(time.Until(at), func() {
		late := time.Since(at)
		e.post(func() {
			if serial == e.serial {
				e.fired(late)
			}
		})
	})
}

func (e *Ear) disarm() {
	e.serial++
	e.due = time.Time{}
	if e.timer != nil {
		e.timer.Stop()
	}
}

// Hear takes note of what the program has said by now.
func (e *Ear) Hear(said notify.State) {
	before := e.said
	e.said = said
	if e.ended || e.last.Paused || e.last.Resting {
		return
	}
	if e.c.Kind == Liveness && said.Beats != before.Beats {
		e.begun, e.last.Failures = time.Now(), 0
		e.last.Successes++
		e.note(Result{OK: true})
	}
	if e.c.Kind == Startup && said.Extensions != before.Extensions {
		until := time.Now().Add(min(said.Extend, maxExtension))
		if until.After(e.latest) {
			until = e.latest
		}
		if until.After(e.due) {
			e.arm(until)
		}
	}
	e.judge()
}

// note keeps a result for status.
func (e *Ear) note(r Result) {
	e.last.Result, e.last.At = r, time.Now()
	e.last.Probes++
	if !r.OK {
		e.last.Failed++
	}
}

// judge draws the conclusions from words alone.
func (e *Ear) judge() {
	switch e.c.Kind {
	case Startup:
		if e.said.Started {
			e.decide(true, "")
		}
	case Liveness:
		if e.said.Dead {
			e.last.Failures++
			e.decide(false, "notify: the program says LIVE=0"+because(e.said.Why))
		}
	case Readiness:
		switch {
		case e.said.Stopping:
			e.decide(false, "notify: the program says STOPPING=1")
		case e.said.Ready:
			e.decide(true, "")
		case !e.said.Started && e.said.Unready == "":
			e.decide(false, "notify: no READY=1 yet")
		default:
			e.decide(false, "notify: the program says READY=0"+because(e.said.Unready))
		}
	}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// fired: the window is over.
func (e *Ear) fired(late time.Duration) {
	if e.ended || e.last.Paused || e.last.Resting {
		return
	}
	if e.sleep.slept() {
		e.anew()
		return
	}
	if late > asleepFor { // the supervisor itself wasn't running, and perhaps nobody was
		e.begin(0)
		return
	}
	if e.c.Kind == Startup {
		e.last.Failures++
		e.decide(false, "notify: no READY=1 within "+e.due.Sub(e.begun).Round(10*time.Millisecond).String())
		return
	}
	if next := e.begun.Add(e.c.Probe.Period); next.After(e.due) { // it was heard since
		e.last.Failures = 0
		e.arm(next)
		return
	}
	e.last.Failures++
	e.last.Successes = 0
	message := "notify: no WATCHDOG=1 within " + e.c.Probe.Period.String()
	if e.last.Failures < e.c.Probe.FailureThreshold {
		e.note(Result{Message: message})
		next := e.due.Add(e.c.Probe.Period)
		e.begun = e.due
		e.arm(next)
		return
	}
	e.decide(false, message)
}

// decide reports an outcome where it is news.
func (e *Ear) decide(healthy bool, message string) {
	if healthy == e.last.Healthy && e.c.Kind != Startup {
		if e.last.Result.Message != message {
			e.note(Result{OK: healthy, Message: message})
		}
		return
	}
	e.note(Result{OK: healthy, Message: message})
	e.last.Healthy = healthy
	if e.last.Resting = e.c.Kind == Startup || e.c.Kind == Liveness; e.last.Resting {
		e.disarm()
	}
	o := Outcome{Kind: e.c.Kind, Generation: e.c.Generation, Healthy: healthy, At: e.last.At}
	o.Reason = string(e.c.Kind) + " succeeded: READY=1"
	if !healthy {
		o.LastError, o.ConsecutiveFailures = message, max(e.last.Failures, 1)
		o.Reason = string(e.c.Kind) + " failed"
		if e.c.Kind == Liveness && o.ConsecutiveFailures > 1 {
			o.Reason += fmt.Sprintf(" %d times in a row", o.ConsecutiveFailures)
		}
		o.Reason += ": " + message
	}
	if e.c.Report != nil {
		e.c.Report(o)
	}
}

// Woke forgets what was counted: the machine slept, or is about to, and the program couldn't say anything.
func (e *Ear) Woke() {
	e.sleep.woke()
	if !e.ended && !e.last.Paused && !e.last.Resting {
		e.anew()
	}
}

// anew opens a new window, which isn't shorter than the grace after a sleep.
func (e *Ear) anew() {
	e.last.Failures = 0
	e.begin(max(0, wakeGrace-e.window()))
}

// Pause stops the clock until [Ear.Resume]: the program is frozen and can say nothing.
func (e *Ear) Pause() {
	e.last.Paused = true
	e.disarm()
}

// Resume begins to count anew.
func (e *Ear) Resume() {
	if !e.last.Paused || e.ended {
		return
	}
	e.last.Paused, e.last.Failures = false, 0
	if e.last.Resting {
		return
	}
	e.begin(0)
	if e.said != (notify.State{}) {
		e.judge() // what came while it was being frozen
	}
}

// Cancel stops for good. Nothing is reported afterwards.
func (e *Ear) Cancel() {
	e.ended = true
	e.disarm()
}

// Last tells what the ear knows at the moment.
func (e *Ear) Last() Last {
	l := e.last
	l.Resting = l.Resting || e.ended
	return l
}
