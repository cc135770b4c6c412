package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/watchdog"
	"github.com/daruma-sh/daruma/service/notify"
)

// Health is what a service knows of its own well-being: checks that it registers, and its heartbeat ([Host.Heartbeat]).
//
// A liveness check says whether the service can go on. Where one fails as often in a row as its threshold says, the service is
// hung: see [Host.Heartbeat] for what follows. A readiness check says whether the service can do its work at the moment; nothing is
// restarted for it. Both are answered to whoever asks ([Health.Serve]), and readiness to daruma's supervisor.
//
// A check runs when it is registered and then once a period, never twice at the same time. It gets a context that ends at its timeout;
// one that doesn't return by then has failed, and fails once more for each period until it does: a check that hangs costs
// one goroutine, not one each time. A panic is a failure; its stack goes to the log. What counts is the last result, so that
// nobody who asks waits for a check or makes it run.
//
//	host.Health.Readiness("database", db.PingContext)
//	host.Health.Liveness("queue", func(context.Context) error { return queue.Stuck() }, service.CheckEvery(5*time.Second))
//
// Time in which the whole process stood still (a sleeping machine, a debugger, SIGSTOP) is held against no check.
type Health struct {
	host     *Host
	watchdog *watchdog.Watchdog
	ctx      context.Context
	cancel   context.CancelFunc

	mu     sync.Mutex
	checks []*check
	state  platform.State // of the service
	said   string         // readiness as daruma was told last: "" for ready, else why not
	closed bool
	busy   int           // checks at work
	idle   chan struct{} // closed when the last one returns; nil unless close waits
}

// newHealth is called before Run is; h's fields are set but for Health.
func newHealth(h *Host) *Health {
	health := &Health{host: h}
	health.ctx, health.cancel = context.WithCancel(context.Background())
	health.watchdog = newWatchdog(h, health.feed)
	health.watchdog.Start()
	return health
}

// feed is one beat for systemd or daruma. daruma hears with it what it was told last: a word that was lost with
// a supervisor is made good.
func (h *Health) feed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == platform.Running && h.host.environment == Daruma {
		h.host.send(h.readyWord(h.said))
	}
	h.host.post(beatMessage{})
}

// entered is called by the runner when the state has changed and the system was told.
func (h *Health) entered(s platform.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
	// While the service starts, pauses or stops its main loop may rest; the phase has a deadline of its own.
	h.watchdog.Watch(s == platform.Starting || s == platform.Running)
	for _, c := range h.checks {
		if c.kind == liveness { // what failed meanwhile gets another chance
			c.passing, c.failures = true, 0
		}
	}
	h.said = "" // READY=1 is what comes with running
	h.tellReadiness()
}

// tellReadiness tells daruma where readiness changed. systemd has no word for it: h.mu is held.
func (h *Health) tellReadiness() {
	if h.state != platform.Running || h.host.environment != Daruma {
		return
	}
	if why := h.unready(); (why == "") != (h.said == "") {
		h.said = why
		h.host.send(h.readyWord(why))
	}
}

func (h *Health) readyWord(why string) string {
	if why == "" {
		return notify.Ready + "=1"
	}
	m := notify.Negative(notify.Ready, why)
	return m.Key + "=" + m.Value
}

// unready says why the service isn't ready, "" where it is: h.mu is held.
func (h *Health) unready() string {
	if h.state != platform.Running {
		return "the service is " + h.state.String()
	}
	for _, c := range h.checks {
		if c.kind == readiness && !c.passing {
			return c.name + ": " + c.words()
		}
	}
	return ""
}

// hung ends the service.
func (h *Health) hung(why string) { h.watchdog.Expire(why) }

// close is called when Run has returned. Checks that watch their context have returned when it does.
func (h *Health) close() {
	h.watchdog.Stop()
	h.cancel()
	h.mu.Lock()
	h.closed = true
	for _, c := range h.checks {
		c.timer.Stop()
	}
	if h.busy == 0 {
		h.mu.Unlock()
		return
	}
	h.idle = make(chan struct{})
	h.mu.Unlock()
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	select {
	case <-h.idle:
	case <-patience.C:
	}
}

// CheckResult is what is known of one check.
type CheckResult struct {
	Name     string
	OK       bool          // after the threshold: what is believed. A liveness check begins with true, a readiness check with false.
	Err      error         // of the last run; nil where it succeeded, or none has ended yet
	At       time.Time     // when the last run ended or was given up; zero: none yet
	Took     time.Duration // by the last run
	Failures int           // in a row
}

// HealthReport is what a service's checks say.
type HealthReport struct {
	OK     bool
	Checks []CheckResult // in the order of their registration, after one that stands for the service itself
}

// LivenessReport says whether the service is alive, from what is known already: it runs nothing and never waits. Its first entry
// is the heartbeat, once that is armed.
func (h *Health) LivenessReport() HealthReport {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := CheckResult{Name: "heartbeat", OK: true}
	if why := h.watchdog.Why(); why != "" {
		first.OK, first.Err = false, fmt.Errorf("%s", why)
	}
	return h.report(liveness, first)
}

// ReadinessReport says whether the service does its work: [Host.Ready] was called, it isn't stopping or paused, and all
// readiness checks pass. It runs nothing and never waits.
func (h *Health) ReadinessReport() HealthReport {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := CheckResult{Name: "service", OK: h.state == platform.Running}
	if !first.OK {
		first.Err = fmt.Errorf("is %v", h.state)
	}
	return h.report(readiness, first)
}

func (h *Health) report(kind checkKind, first CheckResult) HealthReport {
	r := HealthReport{OK: first.OK, Checks: []CheckResult{first}}
	for _, c := range h.checks {
		if c.kind == kind {
			result := c.result()
			r.Checks = append(r.Checks, result)
			r.OK = r.OK && result.OK
		}
	}
	return r
}
