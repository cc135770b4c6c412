package probe

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/service/notify"
)

// NotifyProbe decides from the messages that the program sends on its notify channel. It asks the program nothing.
//
//	startupProbe    succeeds at READY=1; fails where none came within failureThreshold × periodSeconds
//	readinessProbe  follows READY=1, READY=0 and STOPPING=1 at once; it has no times and no thresholds
//	livenessProbe   fails at LIVE=0 at once, or where no WATCHDOG=1 came for periodSeconds, failureThreshold times in a row
//
// EXTEND_TIMEOUT_USEC lengthens a startup: to as long from now as it says, at most [maxExtension] each time and
// [maxExtensions] in all, so that a program that repeats it without end doesn't start for ever. It doesn't lengthen a stop:
// the machine's shutdown relies on terminationGracePeriodSeconds, and a program mustn't be able to exceed it.
//
// A NotifyProbe belongs to one goroutine, which calls its methods and runs the functions it posts, in order: messages that
// arrived before a function was posted must reach [NotifyProbe.Update] before the function runs.
type NotifyProbe struct {
	c    Config
	post func(func())

	state  notify.State
	last   Last
	timer  *time.Timer
	serial uint64    // of the armed timer; an older one is stale
	due    time.Time // when the timer fires; zero: it isn't armed
	begun  time.Time // of the current window: the last WATCHDOG=1, or when the probe began
	latest time.Time // startup: no extension goes beyond it
	ended  bool
	sleep  sleepDetector
}

const (
	// maxExtension is the most that one EXTEND_TIMEOUT_USEC gives.
	maxExtension = 10 * time.Minute
	// maxExtensions is the most that all of them give, beyond what the definition allows.
	maxExtensions = time.Hour
)

// StartNotifyProbe starts the probe c, whose runner, timeout and success threshold have no meaning here. state is what the program has
// said so far. post must run a function in the goroutine that owns the probe, after those posted before; it must not block.
func StartNotifyProbe(c Config, state notify.State, post func(func())) *NotifyProbe {
	c.Probe.Period = max(c.Probe.Period, minPeriod)
	c.Probe.FailureThreshold = max(c.Probe.FailureThreshold, 1)
	p := &NotifyProbe{c: c, post: post, state: state, sleep: newSleepDetector(c.Slept)}
	p.last.Healthy = c.Kind == Liveness
	if c.Initial != nil {
		p.last.Healthy = *c.Initial
	}
	p.openWindow(max(c.Probe.InitialDelay-c.Running, 0))
	if state != (notify.State{}) { // else a predecessor may know more than the program has said since
		p.evaluate()
	}
	return p
}

// openWindow begins the time within which a message must come, after a delay.
func (p *NotifyProbe) openWindow(delay time.Duration) {
	p.begun = time.Now().Add(delay)
	switch p.c.Kind {
	case Liveness:
		p.arm(p.begun.Add(p.c.Probe.Period))
	case Startup:
		end := p.begun.Add(p.window())
		p.latest = end.Add(maxExtensions)
		p.arm(end)
	}
}

func (p *NotifyProbe) window() time.Duration {
	if p.c.Kind == Startup {
		return time.Duration(p.c.Probe.FailureThreshold) * p.c.Probe.Period
	}
	return p.c.Probe.Period
}

func (p *NotifyProbe) arm(at time.Time) {
	p.disarm()
	p.due = at
	serial := p.serial
	p.timer = time.AfterFunc(time.Until(at), func() {
		late := time.Since(at)
		p.post(func() {
			if serial == p.serial {
				p.windowOver(late)
			}
		})
	})
}

func (p *NotifyProbe) disarm() {
	p.serial++
	p.due = time.Time{}
	if p.timer != nil {
		p.timer.Stop()
	}
}

// Update gives the probe what the program has said by now.
func (p *NotifyProbe) Update(state notify.State) {
	before := p.state
	p.state = state
	if p.ended || p.last.Paused || p.last.Resting {
		return
	}
	if p.c.Kind == Liveness && state.Beats != before.Beats {
		p.begun, p.last.Failures = time.Now(), 0
		p.last.Successes++
		p.record(Result{OK: true})
	}
	if p.c.Kind == Startup && state.Extensions != before.Extensions {
		until := time.Now().Add(min(state.Extend, maxExtension))
		if until.After(p.latest) {
			until = p.latest
		}
		if until.After(p.due) {
			p.arm(until)
		}
	}
	p.evaluate()
}

// record keeps a result for status.
func (p *NotifyProbe) record(r Result) {
	p.last.Result, p.last.At = r, time.Now()
	p.last.Probes++
	if !r.OK {
		p.last.Failed++
	}
}

// evaluate decides what follows from the messages alone, without the time.
func (p *NotifyProbe) evaluate() {
	switch p.c.Kind {
	case Startup:
		if p.state.Started {
			p.setOutcome(true, "")
		}
	case Liveness:
		if p.state.Dead {
			p.last.Failures++
			p.setOutcome(false, "notify: the program says LIVE=0"+withReason(p.state.Why))
		}
	case Readiness:
		switch {
		case p.state.Stopping:
			p.setOutcome(false, "notify: the program says STOPPING=1")
		case p.state.Ready:
			p.setOutcome(true, "")
		case !p.state.Started && p.state.Unready == "":
			p.setOutcome(false, "notify: no READY=1 yet")
		default:
			p.setOutcome(false, "notify: the program says READY=0"+withReason(p.state.Unready))
		}
	}
}

func withReason(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// windowOver handles the end of the window. late is how long after that it is called.
func (p *NotifyProbe) windowOver(late time.Duration) {
	if p.ended || p.last.Paused || p.last.Resting {
		return
	}
	if p.sleep.slept() {
		p.restartWindow()
		return
	}
	if late > stalledAfter { // the supervisor itself was stalled, and perhaps the program was too
		p.openWindow(0)
		return
	}
	if p.c.Kind == Startup {
		p.last.Failures++
		p.setOutcome(false, "notify: no READY=1 within "+p.due.Sub(p.begun).Round(10*time.Millisecond).String())
		return
	}
	if next := p.begun.Add(p.c.Probe.Period); next.After(p.due) { // a WATCHDOG=1 came meanwhile
		p.last.Failures = 0
		p.arm(next)
		return
	}
	p.last.Failures++
	p.last.Successes = 0
	message := "notify: no WATCHDOG=1 within " + p.c.Probe.Period.String()
	if p.last.Failures < p.c.Probe.FailureThreshold {
		p.record(Result{Message: message})
		next := p.due.Add(p.c.Probe.Period)
		p.begun = p.due
		p.arm(next)
		return
	}
	p.setOutcome(false, message)
}

// setOutcome reports an outcome if it changed.
func (p *NotifyProbe) setOutcome(healthy bool, message string) {
	if healthy == p.last.Healthy && p.c.Kind != Startup {
		if p.last.Result.Message != message {
			p.record(Result{OK: healthy, Message: message})
		}
		return
	}
	p.record(Result{OK: healthy, Message: message})
	p.last.Healthy = healthy
	if p.last.Resting = p.c.Kind == Startup || p.c.Kind == Liveness; p.last.Resting {
		p.disarm()
	}
	o := Outcome{Kind: p.c.Kind, Generation: p.c.Generation, Healthy: healthy, At: p.last.At}
	o.Reason = string(p.c.Kind) + " succeeded: READY=1"
	if !healthy {
		o.LastError, o.ConsecutiveFailures = message, max(p.last.Failures, 1)
		o.Reason = string(p.c.Kind) + " failed"
		if p.c.Kind == Liveness && o.ConsecutiveFailures > 1 {
			o.Reason += fmt.Sprintf(" %d times in a row", o.ConsecutiveFailures)
		}
		o.Reason += ": " + message
	}
	if p.c.Report != nil {
		p.c.Report(o)
	}
}

// Woke forgets what was counted: the machine slept, or is about to, and the program couldn't send anything.
func (p *NotifyProbe) Woke() {
	p.sleep.woke()
	if !p.ended && !p.last.Paused && !p.last.Resting {
		p.restartWindow()
	}
}

// restartWindow opens a new window, which isn't shorter than the grace after a sleep.
func (p *NotifyProbe) restartWindow() {
	p.last.Failures = 0
	p.openWindow(max(0, wakeGrace-p.window()))
}

// Pause stops the clock until [NotifyProbe.Resume]: the program is frozen and can send nothing.
func (p *NotifyProbe) Pause() {
	p.last.Paused = true
	p.disarm()
}

// Resume opens a new window and counts from zero.
func (p *NotifyProbe) Resume() {
	if !p.last.Paused || p.ended {
		return
	}
	p.last.Paused, p.last.Failures = false, 0
	if p.last.Resting {
		return
	}
	p.openWindow(0)
	if p.state != (notify.State{}) {
		p.evaluate() // what came while it was being frozen
	}
}

// Cancel stops for good. Nothing is reported afterwards.
func (p *NotifyProbe) Cancel() {
	p.ended = true
	p.disarm()
}

// Last gives the current state of the probe, for status.
func (p *NotifyProbe) Last() Last {
	l := p.last
	l.Resting = l.Resting || p.ended
	return l
}
