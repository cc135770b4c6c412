package notifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/alertmanager"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
	"github.com/daruma-sh/daruma/internal/observe/notice/delivery"
	"github.com/daruma-sh/daruma/internal/observe/notice/queue"
	"github.com/daruma-sh/daruma/internal/observe/notice/watch"
)

// Options of [Open].
type Options struct {
	Config Config
	State  string       // the observer's own folder, which is made where it isn't there
	Say    func(string) // for the observer's own log; a line each

	source *watch.Source // tests set their own
}

// Notifier tells people what happens. Make one with [Open].
type Notifier struct {
	destinations []destination
	machine      string
	queue        *queue.Queue
	say          func(string)
	source       watch.Source
	held         *lock.Lock
	alerts       http.Handler // nil: none are taken
}

// Open reads the secrets and what waits on disk. It sends nothing yet.
func Open(o Options) (*Notifier, error) {
	destinations, err := o.Config.open()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for notices: %w", err)
	}
	held, _, err := lock.Take(filepath.Join(o.State, "notices.lock"))
	if other := (*lock.HeldError)(nil); errors.As(err, &other) {
		return nil, fmt.Errorf("another observer (process %s) sends the notices of %s already: end it, or leave notices out of this one's observe.yaml",
			other.PID, o.State)
	}
	if err != nil {
		return nil, err
	}
	n := &Notifier{destinations: destinations, machine: o.Config.machine(), say: o.Say, source: watch.Machine(), held: held}
	if o.source != nil {
		n.source = *o.source
	}
	if c := o.Config.Alertmanager; c != nil {
		token, err := channel.Secret("token", c.TokenFile, c.TokenEnv)
		if err != nil {
			held.Release()
			return nil, fmt.Errorf("notices.alertmanager.%w", err)
		}
		n.alerts = alertmanager.Handler(token, n.Tell)
	}
	if n.queue, err = queue.Open(o.State, n.sayQueue); err != nil {
		held.Release()
		return nil, err
	}
	var names []string
	for _, d := range destinations {
		names = append(names, d.name)
	}
	if dropped := n.queue.Keep(names); dropped > 0 {
		n.say(fmt.Sprintf("%d notices waited for channels that aren't in observe.yaml any more; they are dropped", dropped))
	}
	return n, nil
}

func (n *Notifier) sayQueue(err error) {
	if err == nil {
		n.say("notices that wait are written to disk again")
		return
	}
	n.say(fmt.Sprintf("notices that wait can't be written to disk; they are sent all the same, and lost if the observer ends before: %v", err))
}

// Run follows the services and sends until ctx ends.
func (n *Notifier) Run(ctx context.Context) {
	var parts sync.WaitGroup
	for k := range n.destinations {
		d := &n.destinations[k]
		s := &delivery.Sender{Name: d.name, Channel: d.channel, Queue: n.queue, Writer: n.writer(d), Say: n.say}
		parts.Go(func() { s.Run(ctx) })
	}
	parts.Go(func() { watch.Run(ctx, n.source, store{n}) })
	parts.Wait()
}

// Close writes nothing more and lets another observer have the folder. Run must have ended.
func (n *Notifier) Close() error {
	defer n.held.Release()
	return n.queue.Close()
}

// WithAlerts gives a handler that takes Alertmanager's webhook, if observe.yaml says so, and leaves all other requests to next.
func (n *Notifier) WithAlerts(next http.Handler) http.Handler {
	if n.alerts == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == alertmanager.Path {
			n.alerts.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Tell has notices sent that come from elsewhere than the services.
func (n *Notifier) Tell(notices []notice.Notice) { n.queue.Put("", nil, notices, n.channels) }

// channels lists those that want the notice.
func (n *Notifier) channels(one *notice.Notice) []string {
	var names []string
	for k := range n.destinations {
		if n.destinations[k].wants(one) {
			names = append(names, n.destinations[k].name)
		}
	}
	return names
}

func (n *Notifier) writer(d *destination) notice.Writer {
	return notice.Writer{Language: d.language, Machine: n.machine}
}

// store is the queue as package watch sees it.
type store struct{ n *Notifier }

func (s store) State(service string) json.RawMessage { return s.n.queue.State(service) }

func (s store) Put(service string, state json.RawMessage, notices []notice.Notice) {
	s.n.queue.Put(service, state, notices, s.n.channels)
}

// Result is what came of a test message.
type Result struct {
	Channel string
	Err     error // nil: the receiver has taken it
}

// TestMessages sends one test message to each channel, at once and beside the queue, and gives what came of it, by the channels' names.
func TestMessages(ctx context.Context, c Config) ([]Result, error) {
	destinations, err := c.open()
	if err != nil {
		return nil, err
	}
	n := &Notifier{machine: c.machine()}
	results := make([]Result, len(destinations))
	var all sync.WaitGroup
	for k := range destinations {
		d := &destinations[k]
		all.Go(func() {
			now := time.Now()
			one := notice.Notice{ID: fmt.Sprintf("test/%d", now.UnixNano()), Kind: notice.Test, At: now}
			results[k] = Result{d.name, d.channel.Send(ctx, n.writer(d).Write(&one))}
		})
	}
	all.Wait()
	return slices.Clip(results), nil
}
