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

// Health is the state of a service as it knows it itself: checks that it registers, and its heartbeat ([Host.Heartbeat]).
//
// A liveness check finds out whether the service can go on. When one has failed as often in a row as its threshold, the service is
// hung: see [Host.Heartbeat] for what follows. A readiness check finds out whether the service can do its work at the moment; nothing is
// restarted for it. [Health.Serve] answers with the results of both. daruma's supervisor gets the readiness without asking.
//
// A check runs when it is registered and then once a period, never twice at the same time. It gets a context that ends at its timeout;
// one that doesn't return by then has failed, and fails once more for each period until it does: a check that hangs costs
// one goroutine, not one each time. A panic is a failure; its stack goes to the log. What counts is the last result, so that
// no request waits for a check or makes it run.
//
//	host.Health().Readiness(service.Check{Name: "database", Run: db.PingContext})
//	host.Health().Liveness(service.Check{Name: "queue", Run: queue.Stuck, Every: 5 * time.Second})
//
// Time in which the whole process stood still (a sleeping machine, a debugger, SIGSTOP) makes no check fail.
type Health struct {
	host     *Host
	watchdog *watchdog.Watchdog // nil in that of the zero Host
	ctx      context.Context
	cancel   context.CancelFunc

	mu     sync.Mutex
	checks []*registered
	state  platform.State // of the service
	sent   string         // the readiness sent to daruma last: "" for ready, else why not
	closed bool
	busy   int           // checks at work
	idle   chan struct{} // closed when the last one returns; nil unless close waits
}

// newHealth is called before Run is. All fields of h but health are set.
func newHealth(h *Host) *Health {
	health := &Health{host: h}
	health.ctx, health.cancel = context.WithCancel(context.Background())
	health.watchdog = newWatchdog(h, health.feed)
	health.watchdog.Start()
	return health
}

// feed sends one beat to systemd or daruma. daruma gets the readiness again with it: the last message may have been lost with a supervisor
// that died.
func (h *Health) feed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == platform.Running && h.host.environment == EnvDaruma {
		h.host.send(readyMessageOf(h.sent))
	}
	h.host.tell(beatMessage{})
}

// entered is called by the runner when the state has changed and was reported.
func (h *Health) entered(s platform.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
	// While the service starts, pauses or stops its main loop may rest; the phase has a deadline of its own.
	h.watchdog.Watch(s == platform.Starting || s == platform.Running)
	for _, c := range h.checks {
		if c.kind == liveness { // what failed in the phase before counts no more
			c.passing, c.failures = true, 0
		}
	}
	h.sent = "" // the runner sends READY=1 with Running
	h.sendReadiness()
}

// sendReadiness sends the readiness to daruma where it has changed. systemd has no message for it. h.mu is held.
func (h *Health) sendReadiness() {
	if h.state != platform.Running || h.host.environment != EnvDaruma {
		return
	}
	if why := h.unready(); (why == "") != (h.sent == "") {
		h.sent = why
		h.host.send(readyMessageOf(why))
	}
}

// readyMessageOf is the message of sd_notify for readiness, or why the service isn't ready.
func readyMessageOf(why string) string {
	if why == "" {
		return notify.Ready + "=1"
	}
	m := notify.Negative(notify.Ready, why)
	return m.Key + "=" + m.Value
}

// unready gives the reason why the service isn't ready, "" where it is. h.mu is held.
func (h *Health) unready() string {
	if h.state != platform.Running {
		return "the service is " + h.state.String()
	}
	for _, c := range h.checks {
		if c.kind == readiness && !c.passing {
			return c.Name + ": " + c.lastError()
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
	limit := time.NewTimer(time.Second)
	defer limit.Stop()
	select {
	case <-h.idle:
	case <-limit.C:
	}
}

// CheckResult is the result of one check.
type CheckResult struct {
	Name     string
	OK       bool          // the check passes, the threshold considered. A liveness check begins with true, a readiness check with false.
	Err      error         // of the last run; nil where it succeeded, or none has ended yet
	At       time.Time     // when the last run ended or was given up; zero: none yet
	Took     time.Duration // by the last run
	Failures int           // in a row
}

// HealthReport is the results of a service's checks.
type HealthReport struct {
	OK     bool
	Checks []CheckResult // in the order of their registration, after one that stands for the service itself
}

// LivenessReport reports whether the service is alive. It takes the last results: it runs no check and never waits. Its first entry
// is the heartbeat.
func (h *Health) LivenessReport() HealthReport {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := CheckResult{Name: "heartbeat", OK: true}
	if h.watchdog == nil {
		return HealthReport{OK: true, Checks: []CheckResult{first}}
	}
	if why := h.watchdog.Why(); why != "" {
		first.OK, first.Err = false, fmt.Errorf("%s", why)
	}
	return h.report(liveness, first)
}

// ReadinessReport reports whether the service does its work: [Host.Ready] was called, it isn't stopping or paused, and all readiness
// checks pass. It takes the last results: it runs no check and never waits.
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
