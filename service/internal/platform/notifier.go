package platform

import (
	"fmt"
	"time"
)

// Receiver is who gets the messages of a [Notifier].
type Receiver uint8

// The receivers.
const (
	Nobody Receiver = iota
	Systemd
	Daruma
)

// Notifier is the platform of a service that reports by the messages of sd_notify(3). The zero value reports to nobody.
type Notifier struct {
	To Receiver
	// Transmit sends lines as one message, without waiting; nil where nobody listens.
	Transmit func(lines ...string)
	// Flush waits until what was sent has left, for a second at most; nil where nothing waits.
	Flush func()
	// BeforeTrigger is called before WATCHDOG=trigger is sent, which systemd answers with SIGABRT at once; nil: nothing is called.
	BeforeTrigger func()
	// Clock is CLOCK_MONOTONIC, which systemd wants to see with RELOADING=1; nil: there is none.
	Clock func() time.Duration

	extended time.Time // the phase's deadline, where systemd was asked to wait longer for it; zero: it wasn't
	asked    time.Time // when it was last
}

// Send sends messages that package service has made.
func (n *Notifier) Send(lines ...string) {
	if n.Transmit != nil {
		n.Transmit(lines...)
	}
}

// Report sends READY=1 and STOPPING=1.
func (n *Notifier) Report(s Situation) {
	switch {
	case s.Checkpoint > 1:
		n.extendAgain()
		return
	case !n.extended.IsZero():
		n.extended = time.Time{} // it was for the phase before
	}
	switch s.State {
	case Running:
		n.Send("READY=1")
	case Stopping:
		n.Send("STOPPING=1", "STATUS=Stopping: "+s.Reason)
	}
}

// Reloading sends RELOADING=1 to systemd. daruma has no message for it, and the READY=1 at its end would take back a READY=0.
func (n *Notifier) Reloading() {
	if n.To == Daruma {
		return
	}
	lines := []string{"RELOADING=1"}
	if n.Clock != nil {
		lines = append(lines, fmt.Sprintf("MONOTONIC_USEC=%d", n.Clock().Microseconds()))
	}
	n.Send(lines...)
}

// Reloaded ends what Reloading began.
func (n *Notifier) Reloaded() {
	if n.To != Daruma {
		n.Send("READY=1")
	}
}

// Status sends STATUS=text.
func (n *Notifier) Status(text string) { n.Send("STATUS=" + text) }

// Beat sends WATCHDOG=1.
func (n *Notifier) Beat() { n.Send("WATCHDOG=1") }

// Extend sends EXTEND_TIMEOUT_USEC. systemd gets [Grace] more than asked for: when systemd ends the process, nobody writes the stacks.
func (n *Notifier) Extend(d time.Duration) {
	if n.To == Systemd {
		n.asked = time.Now()
		n.extended = n.asked.Add(d)
		d += Grace
	}
	n.Send(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()))
}

// extendAgain reminds systemd. At each daemon-reload it forgets what it was asked for, and counts TimeoutStartSec or
// TimeoutStopSec from the beginning of the phase again (service_coldplug_timeout in its service.c).
func (n *Notifier) extendAgain() {
	if rest := time.Until(n.extended); rest > 0 && time.Since(n.asked) >= time.Second {
		n.Extend(rest)
	}
}

// Ended sends the outcome as STATUS.
func (n *Notifier) Ended(o Outcome) {
	text := "Stopped"
	if o.Code != 0 {
		text = fmt.Sprintf("Failed (%d): %s", o.Code, o.Failure)
	}
	lines := []string{"STATUS=" + text}
	if n.To == Systemd && o.Hung {
		// As if WatchdogSec= had run out: the unit's result is "watchdog", and Restart=on-watchdog applies too (since v244;
		// older ones see the exit code alone). systemd answers with SIGABRT, by which Go's runtime ends the process. So this
		// comes last, and only what was written before is sure to be read.
		if n.BeforeTrigger != nil {
			n.BeforeTrigger()
		}
		lines = append(lines, "WATCHDOG=trigger")
	}
	n.Send(lines...)
	// daruma's supervisor hears of the end from the keeper, on another path: the reason of a failure must be there before. A clean end has none.
	if n.Flush != nil && (n.To != Daruma || o.Code != 0) {
		n.Flush()
	}
}
