package probe

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// stalledAfter is how long after its deadline a probe must come back to prove that the supervisor itself wasn't running
// (suspended machine, SIGSTOP, no processor time): the program isn't to blame then.
const stalledAfter = 500 * time.Millisecond

// Run carries out one probe or hook and ends everything it started before it returns. Its time is the deadline of ctx.
// Where ctx was cancelled and didn't expire, the result is Unknown.
func Run(ctx context.Context, h definition.Handler, runner Runner) Result {
	var a attempt
	if deadline, ok := ctx.Deadline(); ok {
		// The message shall name the time that was allowed; what is left of it by now is slightly less, so it is rounded.
		left := time.Until(deadline)
		a.limit = max(left.Round(10*time.Millisecond), left.Round(time.Millisecond), time.Millisecond)
	}
	return a.run(ctx, h, runner)
}

// run carries the attempt out.
func (a attempt) run(ctx context.Context, h definition.Handler, runner Runner) Result {
	start := time.Now()
	var r Result
	switch {
	case h.HTTPGet != nil:
		r = a.httpGet(ctx, h.HTTPGet)
	case h.TCPSocket != nil:
		r = a.tcpSocket(ctx, h.TCPSocket)
	case h.GRPC != nil:
		r = a.grpc(ctx, h.GRPC)
	case h.Exec != nil:
		r = a.exec(ctx, h.Exec, runner)
	case h.Notify != nil: // such a probe is a [NotifyProbe]
		r = Result{Unknown: true, Message: "notify: the program isn't asked, it is listened to"}
	default:
		r = Result{Message: "the probe says nothing to ask: exec, httpGet, tcpSocket, grpc or notify is missing"}
	}
	r.Duration = time.Since(start)
	if !r.OK && a.limit > 0 && h.Exec == nil && r.Duration > a.limit+stalledAfter {
		r.Unknown = true
	}
	return r
}

// attempt is one probe or hook under way.
type attempt struct {
	limit time.Duration // how long it may take; 0: no deadline
}

// fail describes an error: "WHAT: connection refused".
func (a attempt) fail(ctx context.Context, what string, err error) Result {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Result{Unknown: true, Message: what + ": called off"}
	case isTimeout(err) || ctx.Err() != nil:
		return Result{Message: what + ": " + a.noAnswer()}
	}
	return Result{Unknown: isLocalShortage(err), Message: what + ": " + errorText(err)}
}

func (a attempt) noAnswer() string {
	if a.limit == 0 {
		return "no answer"
	}
	return "no answer within " + a.limit.String()
}

// shown is the command as messages have it, which get into the status, daruma's log and the incident record. What its variables hold, a
// password for example, doesn't.
func shown(e *definition.ExecAction) []string {
	if len(e.Words) == len(e.Command) {
		return e.Words
	}
	return e.Command[:min(1, len(e.Command))]
}

// exec runs the command; exit code 0 is success.
func (a attempt) exec(ctx context.Context, e *definition.ExecAction, runner Runner) Result {
	what := "exec " + excerpt([]byte(strings.Join(shown(e), " ")))
	if runner == nil {
		return Result{Unknown: true, Message: what + ": there is nothing here to run commands with"}
	}
	late := make(chan time.Duration, 1)
	if deadline, ok := ctx.Deadline(); ok {
		// Ending a process tree takes time, so what counts is when the deadline was noticed.
		stop := context.AfterFunc(ctx, func() { late <- time.Since(deadline) })
		defer stop()
	}
	code, output, err := runner(ctx, e.Command)
	switch {
	case ctx.Err() != nil:
		r := a.fail(ctx, what, ctx.Err())
		if !r.Unknown {
			select {
			case by := <-late:
				r.Unknown = by > stalledAfter
			case <-time.After(stalledAfter):
			}
		}
		return r
	case err != nil:
		r := a.fail(ctx, what, err)
		r.Unknown = r.Unknown || errors.Is(err, ErrUnknown)
		return r
	case code != 0:
		return Result{Message: what + ": " + definition.ExitCodeText(code) + quoted(output)}
	}
	return Result{OK: true}
}
