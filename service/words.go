package service

import (
	"fmt"
	"time"
)

// words is the platform of whoever is told by the words of sd_notify(3), and of whoever is told nothing.
type words struct {
	where  Environment
	period time.Duration
	// send brings lines to the listener without waiting for it; nil where nobody listens.
	send func(lines ...string)
	// flush waits until what was sent has left, for a second at most; nil where nothing waits.
	flush func()
	// limits is what the system gives for a stop, 0 for no limit.
	limits func(StopReason) time.Duration
	// braced is called before systemd hears that the service hangs, which it answers with a signal at once; nil where there is none.
	braced func()
	// clock is CLOCK_MONOTONIC, which systemd wants to see with RELOADING=1.
	clock func() time.Duration

	extended time.Time // the phase's deadline, where systemd was asked to wait longer for it; zero: it wasn't
	asked    time.Time // when it was last
}

func (w *words) environment() Environment { return w.where }
func (w *words) watchdog() time.Duration  { return w.period }

func (w *words) limit(reason StopReason) time.Duration {
	if w.limits == nil {
		return 0
	}
	return w.limits(reason)
}

func (w *words) say(lines []string) {
	if w.send != nil {
		w.send(lines...)
	}
}

func (w *words) report(s situation) {
	switch {
	case s.checkpoint > 1:
		w.extendAgain()
		return
	case !w.extended.IsZero():
		w.extended = time.Time{} // it was for the phase before
	}
	switch {
	case s.state == running:
		w.say([]string{"READY=1"})
	case s.state == stopping:
		w.say([]string{"STOPPING=1", "STATUS=Stopping: " + s.reason.String()})
	}
}

// reloading: daruma has no word for it, and the READY=1 at its end would take back a READY=0.
func (w *words) reloading() {
	if w.where == Daruma {
		return
	}
	lines := []string{"RELOADING=1"}
	if w.clock != nil {
		lines = append(lines, fmt.Sprintf("MONOTONIC_USEC=%d", w.clock().Microseconds()))
	}
	w.say(lines)
}

func (w *words) reloaded() {
	if w.where != Daruma {
		w.say([]string{"READY=1"})
	}
}

func (w *words) status(text string) { w.say([]string{"STATUS=" + text}) }
func (w *words) beat()              { w.say([]string{"WATCHDOG=1"}) }

// extend gives systemd what it has beyond every deadline of ours: its own end of the process leaves no stacks.
func (w *words) extend(d time.Duration) {
	if w.where == Systemd {
		w.asked = time.Now()
		w.extended = w.asked.Add(d)
		d += grace
	}
	w.say([]string{fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds())})
}

// extendAgain reminds systemd: at each daemon-reload it forgets what it was asked for, and counts by TimeoutStartSec or
// TimeoutStopSec from the beginning of the phase again (service_coldplug_timeout in its service.c).
func (w *words) extendAgain() {
	if rest := time.Until(w.extended); rest > 0 && time.Since(w.asked) >= time.Second {
		w.extend(rest)
	}
}

func (w *words) ended(o outcome) {
	text := "Stopped"
	if o.err != nil {
		text = fmt.Sprintf("Failed (%d): %s", o.code, shortLine(o.err.Error()))
	}
	lines := []string{"STATUS=" + text}
	if w.where == Systemd && o.code == ExitWatchdog {
		// As if WatchdogSec= had run out: the unit's result is "watchdog", and Restart=on-watchdog applies too (since v244;
		// older ones see the exit code alone). systemd answers with SIGABRT, by which Go's runtime ends the process: so this is
		// the last word, and only what has been written until now is sure to be read.
		if w.braced != nil {
			w.braced()
		}
		lines = append(lines, "WATCHDOG=trigger")
	}
	w.say(lines)
	// daruma hears of the end from the keeper: a failure's last words must be there before. A clean end has none that matter.
	if w.flush != nil && (w.where != Daruma || o.err != nil) {
		w.flush()
	}
}
