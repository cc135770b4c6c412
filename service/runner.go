package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/daruma-sh/daruma/service/internal/asynclog"
	"github.com/daruma-sh/daruma/service/internal/platform"
	"github.com/daruma-sh/daruma/service/internal/stdio"
	"github.com/daruma-sh/daruma/service/internal/stopcontext"
)

// runner owns the state of the service. Its loop is the one goroutine that changes the state; all others post messages.
type runner struct {
	service Service
	around  surroundings
	mail    *mailbox
	host    *Host
	log     *asynclog.Logger
	drain   func(context.Context) error
	stderr  io.Writer
	exit    func(code int) // ends the process

	ctx    context.Context // Run's
	cancel context.CancelCauseFunc

	state      platform.State
	reason     Reason // stopping: the first one
	interrupts int
	// interactive: somebody sits at a terminal and wants to know what happens. What service managers read stays as it is.
	interactive bool
	checkpoint  uint32
	timer       *time.Timer
	deadline    time.Time // starting, stopping: the process is ended then; pausing, continuing: no checkpoint comes later
	nextReport  time.Time // pending: the next checkpoint

	controls []controlEvent // those that wait for their handler
	handling string         // the handler at work, "" for none
	dropped  int            // controls that found the queue full
	returned bool
	failure  error // of Run, or else of a handler that panicked
	code     int
}

// In pending states, the Service Control Manager takes a service for hung that doesn't raise its checkpoint within the wait hint.
// Programs that wait for it (sc, services.msc) ask every tenth of the hint, but not more often than once a second.
const (
	checkpointPeriod = 2 * time.Second
	checkpointHint   = 10 * time.Second
	// endTimeout is how long the process may take for its stacks, log and outcome once a deadline has passed.
	endTimeout = platform.EndTimeout
)

// maxControls bounds the controls that wait for a handler: session events keep coming while one hangs.
const maxControls = 1024

func newRunner(s Service, around surroundings, mail *mailbox, arguments []string) *runner {
	r := &runner{service: s, around: around, mail: mail, stderr: os.Stderr, exit: os.Exit}
	if s.Watchdog < 0 {
		around.watchdog = 0
	}
	log, drain := s.Logger, flushOf(s.Logger)
	if log == nil {
		log, drain = serviceLogger(s, around.environment)
	}
	r.log, r.drain = asynclog.New(log), drain
	if file, ok := r.stderr.(*os.File); ok && around.environment == EnvTerminal {
		r.interactive = stdio.IsTerminal(file)
	}
	r.host = &Host{log: log, async: r.log, service: s, environment: around.environment, arguments: arguments, beatPeriod: around.watchdog,
		post: mail.post, stop: stopcontext.New()}
	return r
}

// run is the life of the service, in the caller's goroutine.
// parent is Run's, whose end is a request to stop.
func (r *runner) run(parent context.Context) error {
	// Not a child of parent: when this context ends, that of the stop has its deadline.
	r.ctx, r.cancel = context.WithCancelCause(context.WithoutCancel(parent))
	defer context.AfterFunc(parent, func() { r.mail.post(stopMessage(reasonOf(parent))) })()
	life, endLife := context.WithCancel(context.Background())
	r.host.life = life
	r.host.health = newHealth(r.host)
	r.timer = time.NewTimer(0)
	r.enter(platform.Starting, r.service.StartTimeout)
	r.launch("Run", func() error { return r.service.Run(r.ctx, r.host) }, func(err error) message { return returnedMessage{err} })
	for !r.over() {
		select {
		case <-r.mail.wake:
			for _, m := range r.mail.take() {
				r.receive(m)
			}
		case <-r.timer.C:
		}
		if !r.over() {
			r.checkDeadlines()
		}
	}
	r.timer.Stop()
	endLife()
	return r.end()
}

// over reports that Run and the handlers have returned, or that the process was ended (in tests it lives on).
func (r *runner) over() bool {
	return r.state == platform.Stopped || r.returned && r.handling == ""
}

func (r *runner) receive(m message) {
	if r.over() {
		return
	}
	switch m := m.(type) {
	case readyMessage:
		if r.state == platform.Starting {
			r.say("running; Ctrl+C stops it")
			r.enter(platform.Running, 0)
			r.handleNext()
		}
	case statusMessage:
		r.around.Status(singleLine(string(m)))
	case extendMessage:
		r.extend(time.Duration(m))
	case stopMessage:
		r.stop(Reason(m))
	case controlMessage:
		r.take(controlEvent(m))
	case beatMessage:
		r.around.Beat()
	case sendMessage:
		r.around.Send(m...)
	case expiredMessage:
		r.giveUp(ExitWatchdog, string(m))
	case returnedMessage:
		r.runReturned(m.err)
	case handledMessage:
		r.handlerReturned(m.err)
	}
}

// say writes a line for who sits at the terminal.
func (r *runner) say(text string) {
	if r.interactive {
		go func() { _, _ = fmt.Fprintf(r.stderr, "%s: %s\n", r.service.Name, text) }() // Ctrl+S stops a terminal, and with it who writes
	}
}

// enter changes the state and reports it. limit is how long the state may last, 0 for ever.
func (r *runner) enter(s platform.State, limit time.Duration) {
	r.state, r.checkpoint, r.deadline = s, 0, time.Time{}
	if limit > 0 {
		r.deadline = time.Now().Add(limit)
	}
	r.report()
	r.host.health.entered(s)
}

// report reports the state, with the next checkpoint while it is pending.
func (r *runner) report() {
	now := platform.Situation{State: r.state}
	if r.reason != 0 {
		now.Reason = r.reason.String()
	}
	r.nextReport = time.Time{}
	if r.state.Pending() {
		r.checkpoint++
		now.Checkpoint = r.checkpoint
		now.Hint = min(checkpointHint-2*endTimeout, max(0, time.Until(r.deadline))) + 2*endTimeout
		r.nextReport = time.Now().Add(checkpointPeriod)
	}
	r.around.Report(now)
}

// checkDeadlines does what is due and sets the timer for what is next.
func (r *runner) checkDeadlines() {
	now := time.Now()
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch {
	case due(r.deadline) && r.state == platform.Starting:
		r.giveUp(ExitStartTimeout, "Run hasn't called host.Ready within "+r.service.StartTimeout.String()+
			": call it as soon as the service does its work, or give it more time (Service.StartTimeout, host.ExtendTimeout)")
		return
	case due(r.deadline) && r.state == platform.Stopping:
		r.giveUp(ExitStopTimeout, r.whatHangs())
		return
	case due(r.deadline):
		// No checkpoint any more, so that the Service Control Manager takes the service for hung.
		r.log.Warn(r.handling+" is still at work; other controls wait for it", "since", r.service.StopTimeout.String())
		r.deadline, r.nextReport = time.Time{}, time.Time{}
	case due(r.nextReport):
		r.report()
	}
	// On Windows, Go's runtime takes a process for deadlocked that waits for a console's event alone, unless a timer runs.
	next := now.Add(time.Hour)
	r.timer.Reset(time.Until(earlier(next, earlier(r.deadline, r.nextReport))))
}

// whatHangs gives what keeps the service from ending.
func (r *runner) whatHangs() string {
	if r.returned {
		return r.handling + " hasn't returned within the time to stop: it must watch its context"
	}
	return "Run hasn't returned within the time to stop: it must watch its context, and return when that is done; " +
		"the stacks tell where it stands"
}

// earlier gives the earlier of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// maxExtend bounds an extension, so that adding it to a time can't overflow.
const maxExtend = 1000 * 24 * time.Hour

func (r *runner) extend(d time.Duration) {
	if r.state != platform.Starting && r.state != platform.Stopping || d <= 0 {
		return
	}
	d = min(d, maxExtend)
	if at := time.Now().Add(d); at.After(r.deadline) {
		r.deadline = at
		r.around.Extend(d)
		if r.state == platform.Stopping {
			r.host.stop.SetDeadline(at.Add(-r.margin(d)))
		}
		r.report()
	}
}

// margin is how much of the time to stop is left for Run when its StopContext ends.
func (r *runner) margin(of time.Duration) time.Duration {
	return min(r.service.StopTimeout/10, of/10, 2*time.Second)
}

// stop begins the stop, or takes one more reason for it into account.
func (r *runner) stop(reason Reason) {
	if reason == ReasonInterrupt {
		r.interrupts++
	}
	limit := r.service.StopTimeout
	if l := r.around.limit(reason); l > 0 {
		limit = min(limit, l)
	}
	if r.state == platform.Stopping {
		if r.interrupts > 1 {
			r.giveUp(ExitInterrupted, "")
		} else if at := time.Now().Add(limit); limit < r.service.StopTimeout && at.Before(r.deadline) {
			r.deadline = at // the machine goes down while the service stops
			r.host.stop.SetDeadline(at.Add(-r.margin(limit)))
		}
		return
	}
	if reason == ReasonInterrupt {
		r.say("stopping; Ctrl+C once more ends it at once")
	}
	r.reason = reason
	r.controls = nil
	r.host.stop.SetDeadline(time.Now().Add(limit - r.margin(limit))) // before Run sees its context end
	r.cancel(reason)
	r.enter(platform.Stopping, limit)
}

func (r *runner) runReturned(err error) {
	r.returned = true
	if onlyStop(err) && (err == nil || r.state == platform.Stopping) || errors.Is(err, flag.ErrHelp) {
		err = nil // flag.ErrHelp: somebody asked for the service's own options, and package flag has shown them
	}
	if r.failure == nil {
		r.failure = err
	}
	if r.state != platform.Stopping {
		r.stop(ReasonFinished) // a handler may still be at work
	}
}

// giveUp ends the process: the service doesn't end by itself.
func (r *runner) giveUp(code int, why string) {
	r.code, r.failure = code, WithExitCode(errors.New(because(code, why)), code)
	r.writeStacks(why)
	r.mail.close()
	r.around.Ended(r.outcome())
	r.exit(code)
	r.state = platform.Stopped // only tests get here
}

func (r *runner) outcome() platform.Outcome {
	asked := r.state == platform.Stopping && r.reason != ReasonFinished && r.reason != ReasonPanic
	o := platform.Outcome{Code: r.code, Asked: asked, Final: isFinal(r.failure), Hung: r.code == ExitWatchdog}
	if r.failure != nil {
		o.Failure = shortLine(r.failure.Error())
	}
	return o
}

// end cleans up and reports the outcome.
func (r *runner) end() error {
	r.mail.close()
	r.cancel(ReasonFinished)
	r.host.stop.Release()
	if r.code != 0 {
		return r.failure
	}
	r.host.health.close()
	r.host.attendants.Wait()
	if r.failure != nil {
		r.logFailure(r.failure)
	}
	r.code = ExitCode(r.failure)
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	r.log.Flush(ctx)
	_ = r.drain(ctx) // an error could only be logged
	r.around.Ended(r.outcome())
	r.state = platform.Stopped
	return r.failure
}
