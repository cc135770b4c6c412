package operate

import (
	"context"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// told is an order that the supervisor was given: it knows which step ended each program, which the service manager doesn't. Where it
// can't be asked, or doesn't know of such orders because it is of an older version, the service manager does all of it.
type told struct {
	sent   chan struct{} // closed when the order is on its way
	done   chan struct{} // closed when answer and err are there
	answer control.Answer
	err    error
	forget context.CancelFunc // ends the waiting, not what was ordered
}

// tell gives the supervisor the order.
func (o Order) tell(ctx context.Context) *told {
	t := &told{sent: make(chan struct{}), done: make(chan struct{})}
	ctx, t.forget = context.WithCancel(ctx)
	order := o.Command
	order.WholeService, order.MinReadySeconds = true, 0
	go func() {
		defer close(t.done)
		client, err := control.Dial(o.Service)
		if err == nil {
			t.answer, err = client.Order(ctx, order, func() { close(t.sent) })
		}
		t.err = err
	}()
	return t
}

// sentTime is how long it may take to connect to a supervisor and send it a few bytes.
const sentTime = 5 * time.Second

// answerTime is how long the supervisor's answer may take when the service has ended.
const answerTime = 2 * time.Second

// awaitSent returns when the order is on its way, or nobody takes it.
func (t *told) awaitSent(ctx context.Context) {
	select {
	case <-t.sent:
	case <-t.done:
	case <-ctx.Done():
	case <-time.After(sentTime):
	}
}

// awaitAnswer returns when the programs are stopped, or nobody says so in time.
func (t *told) awaitAnswer(ctx context.Context, within time.Duration) {
	select {
	case <-t.done:
	case <-ctx.Done():
	case <-time.After(within):
	}
}

// answered tells that the supervisor has stopped the programs.
func (t *told) answered() bool {
	select {
	case <-t.done:
		return t.err == nil
	default:
		return false
	}
}
