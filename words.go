package daruma

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
	// clock is CLOCK_MONOTONIC, which systemd wants to see with RELOADING=1.
	clock func() time.Duration
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
	case s.state == running:
		w.say([]string{"READY=1"})
	case s.state == stopping && s.checkpoint == 1:
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
func (w *words) extend(d time.Duration) {
	w.say([]string{fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds())})
}

func (w *words) ended(o outcome) {
	text := "Stopped"
	if o.err != nil {
		text = fmt.Sprintf("Failed (%d): %s", o.code, shortLine(o.err.Error()))
	}
	w.say([]string{"STATUS=" + text})
	if w.flush != nil {
		w.flush()
	}
}
