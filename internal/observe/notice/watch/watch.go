// Package watch follows the services of this machine for what there is to tell of them.
//
// It is a reader of their control sockets. Of each service it follows the events, and reads the incident record when something happened.
// What it missed it finds out when it is there again: the record keeps the incidents, and the supervisor remembers 1,000 events.
package watch

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe/notice"
)

const (
	askLimit  = 5 * time.Second  // for an answer of a supervisor
	again     = 5 * time.Second  // after a service didn't answer
	denied    = time.Minute      // after it didn't let us in
	look      = 10 * time.Second // for services that come or go
	readAfter = 300 * time.Millisecond
	readGap   = 2 * time.Second // between readings of a record, at least
	readLate  = 5 * time.Second // the record may be written some time after the event
)

// Source is how services are asked. [Machine] is the real one.
type Source struct {
	Services  func() ([]string, error)
	Status    func(ctx context.Context, service string) (control.Status, error)
	Incidents func(ctx context.Context, service string) ([]incident.Incident, error)
	Events    func(ctx context.Context, service string, since uint64, each func(control.Event) error) error
}

// Store keeps what is remembered and what is to be told. [queue.Queue] is one, with the channels filled in.
type Store interface {
	State(service string) json.RawMessage
	Put(service string, state json.RawMessage, notices []notice.Notice)
}

// Run follows all services until ctx ends.
func Run(ctx context.Context, source Source, store Store) {
	following := map[string]context.CancelFunc{}
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		names, err := source.Services()
		if err == nil {
			for name, stop := range following {
				if !slices.Contains(names, name) {
					stop()
					delete(following, name)
				}
			}
			for _, name := range names {
				if following[name] == nil {
					one, stop := context.WithCancel(ctx)
					following[name] = stop
					all.Go(func() { newFollower(name, source, store).run(one) })
				}
			}
		}
		sleep(ctx, look)
	}
	for _, stop := range maps.All(following) {
		stop()
	}
}

// follower follows one service. Its methods run in one goroutine.
type follower struct {
	service string
	source  Source
	store   Store
	state   *notice.State
	stored  []byte // the state as it was put last

	events  chan control.Event
	readAt  time.Time // when the record is to be read; zero: nothing happened
	nextGap time.Time // not before
	later   time.Time // once more
}

func newFollower(service string, source Source, store Store) *follower {
	f := &follower{service: service, source: source, store: store, state: notice.NewState(service), events: make(chan control.Event, 64)}
	if raw := store.State(service); raw != nil {
		loaded := notice.NewState(service)
		if json.Unmarshal(raw, loaded) == nil { // else it is of another version: as if it were seen for the first time
			f.state = loaded
		}
		f.stored = raw
	}
	f.state.Loaded(time.Now())
	return f
}

// run connects, and connects again, until ctx ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.connect(ctx)
		if ctx.Err() != nil {
			break
		}
		wait := again
		if no := (*control.PermissionError)(nil); errors.As(err, &no) {
			wait = denied // nobody's fault, and nobody can tell whether it runs
		} else if err != nil {
			f.state.Silent(err.Error(), time.Now())
		}
		f.tell()
		f.wait(ctx, wait)
	}
	f.tell()
}

// connect follows the service as long as it answers.
func (f *follower) connect(ctx context.Context) error {
	status, err := f.status(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	first := !f.state.Seen
	switch {
	case first:
		f.state.Event = status.EventSeq // what was before isn't told
	case !f.state.Life.Equal(status.StartedAt):
		f.state.Event = 0 // a new keeper counts anew: all that is remembered
	}
	f.state.Life = status.StartedAt
	if err := f.read(ctx); err != nil {
		return err
	}
	f.state.Answered(now)
	f.tell()
	one, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- f.source.Events(one, f.service, f.state.Event, func(e control.Event) error {
			select {
			case f.events <- e:
				return nil
			case <-one.Done():
				return one.Err()
			}
		})
	}()
	err, done := f.follow(ctx, ended)
	stop()
	if !done {
		<-ended
	}
	return err
}

// follow takes in events until their stream ends, and gives its error; done tells whether it has ended.
func (f *follower) follow(ctx context.Context, ended <-chan error) (err error, done bool) {
	for {
		timer := time.NewTimer(f.untilNext(time.Now()))
		select {
		case e := <-f.events:
			f.take(e)
		case <-timer.C:
			if err := f.read(ctx); err != nil {
				timer.Stop()
				return err, false
			}
			f.tell()
		case <-ctx.Done():
			timer.Stop()
			return nil, false
		case err := <-ended:
			timer.Stop()
			f.drain()
			return err, true
		}
		timer.Stop()
	}
}

// drain takes in the last events of a stream that has ended.
func (f *follower) drain() {
	for {
		select {
		case e := <-f.events:
			f.take(e)
		default:
			return
		}
	}
}

// take takes in an event, and has the record read soon.
func (f *follower) take(e control.Event) {
	now := time.Now()
	f.state.TakeEvent(e, now)
	if f.readAt.IsZero() {
		f.readAt = now.Add(readAfter)
		if f.readAt.Before(f.nextGap) {
			f.readAt = f.nextGap
		}
	}
	f.later = now.Add(readLate)
}

// untilNext gives how long nothing is to be done.
func (f *follower) untilNext(now time.Time) time.Duration {
	next := now.Add(time.Hour)
	due := f.state.Next()
	if !due.IsZero() && due.Before(f.nextGap) {
		due = f.nextGap // the record is read before anything is told
	}
	for _, t := range []time.Time{f.readAt, f.later, due} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return max(next.Sub(now), 50*time.Millisecond)
}

// read reads the incident record. It may take 2 % of a core.
func (f *follower) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	begin := time.Now()
	list, err := f.source.Incidents(ctx, f.service)
	if err != nil {
		return err
	}
	now := time.Now()
	f.state.TakeIncidents(list, now)
	f.nextGap = now.Add(max(readGap, 50*now.Sub(begin)))
	f.readAt = time.Time{}
	if !f.later.After(now) {
		f.later = time.Time{}
	}
	return nil
}

func (f *follower) status(ctx context.Context) (control.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return f.source.Status(ctx, f.service)
}

// eventsUnsaved is how many events may be read again after a restart of the observer because nothing else of the state had changed.
const eventsUnsaved = 64

// tell stores what is due. A state that has only seen some more events isn't stored for that: they can be read again.
func (f *follower) tell() {
	notices := f.state.Due(time.Now())
	raw, err := json.Marshal(f.state)
	if err != nil {
		return // there is nothing in it that can't be written
	}
	if len(notices) == 0 && f.seenAlready(raw) {
		return
	}
	f.store.Put(f.service, raw, notices)
	f.stored = raw
}

// seenAlready tells whether raw says no more than what is stored, but for the number of the last event.
func (f *follower) seenAlready(raw []byte) bool {
	old := notice.NewState(f.service)
	if f.stored == nil || json.Unmarshal(f.stored, old) != nil {
		return false
	}
	if f.state.Event-old.Event >= eventsUnsaved { // also where the count began anew
		return false
	}
	old.Event = f.state.Event
	was, err := json.Marshal(old)
	return err == nil && string(was) == string(raw)
}

// wait waits, and tells what becomes due meanwhile.
func (f *follower) wait(ctx context.Context, d time.Duration) {
	sleep(ctx, d)
	f.tell()
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
