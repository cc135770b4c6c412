// Package shipping is the observer's part that ships what programs write to a store of logs: line by line, at least once, each with a name by
// which the store can tell that it has it.
//
// Each target has a goroutine of its own, which reads the log files (package tail), encodes what it read (packages otlp and elastic), sends it
// and then keeps how far it has come. It reads on when that has arrived: there is one batch in memory, however long a receiver is away and
// however much is written meanwhile, and no program waits for it.
package shipping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/tail"
)

// Options of [Open].
type Options struct {
	Config Config
	State  string       // the observer's own folder for positions, which is made where it isn't there
	Say    func(string) // for the observer's own log; a line each. It is called by several goroutines

	logs  *tail.Logs                           // tests set their own,
	pause func(context.Context, time.Duration) // wait less,
	every time.Duration                        // and search for services more often
}

// Shipper ships logs. Make one with [Open].
type Shipper struct {
	targets []*sender
	held    *lock.Lock
}

// Open reads the secrets and the positions. It sends nothing yet. All that is wrong with the configuration is in the error, a line each.
func Open(o Options) (*Shipper, error) {
	machine, err := o.Config.machine()
	errs := []error{err}
	for k := range o.Config.Targets {
		errs = append(errs, o.Config.Targets[k].check()...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for positions in logs: %w", err)
	}
	held, _, err := lock.Take(filepath.Join(o.State, "shipping.lock"))
	if other := (*lock.HeldError)(nil); errors.As(err, &other) {
		return nil, fmt.Errorf("another observer (process %s) ships logs by the positions in %s already: end it, or leave shipping out of this one's observe.yaml",
			other.PID, o.State)
	}
	if err != nil {
		return nil, err
	}
	s := &Shipper{held: held}
	logs := tail.Machine()
	if o.logs != nil {
		logs = *o.logs
	}
	for k := range o.Config.Targets {
		one, err := newSender(o.Config.Targets[k], machine, logs, o)
		if err != nil {
			held.Release()
			return nil, err
		}
		s.targets = append(s.targets, one)
	}
	return s, nil
}

// newSender makes the sender of a target.
func newSender(t Target, machine string, logs tail.Logs, o Options) (*sender, error) {
	kept, err := openPositions(o.State, t.Name)
	if err != nil {
		return nil, err
	}
	f := t.format()
	r, err := receiver.New(t.Config, f.path(t.URL))
	if err != nil {
		return nil, err
	}
	s := &sender{target: t, format: f, receiver: r, positions: kept, pause: sleep,
		programs: map[*tail.Program]*program{}, ends: map[*tail.Program]logread.Position{}, cuts: map[*tail.Program]logread.Position{}}
	s.say = func(line string) { o.Say("shipping to " + t.Name + ": " + line) }
	if o.pause != nil {
		s.pause = o.pause
	}
	s.tail = tail.New(tail.Options{Logs: logs, Machine: machine, Wants: t.wants, From: s.from, AtEnd: t.AtEnd && !kept.known,
		Late:  func(service string) bool { return t.AtEnd && s.isLate(service) },
		Every: cmp.Or(o.every, searchEvery), Say: s.say})
	return s, nil
}

// Run ships until ctx ends.
func (s *Shipper) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, one := range s.targets {
		all.Go(func() { one.run(ctx) })
	}
	all.Wait()
}

// Close lets another observer have the folder. Run must have ended.
func (s *Shipper) Close() { s.held.Release() }
