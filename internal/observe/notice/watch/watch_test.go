package watch

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// service is one that a test makes.
type service struct {
	mu     sync.Mutex
	up     error // why it doesn't answer
	life   time.Time
	events []control.Event
	record []incident.Incident
	news   chan struct{}
	asked  atomic.Int32 // readings of the record
}

func newService() *service { return &service{life: time.Now(), news: make(chan struct{})} }

// change has something happen; the streams that run see it.
func (s *service) change(f func()) {
	s.mu.Lock()
	f()
	close(s.news)
	s.news = make(chan struct{})
	s.mu.Unlock()
	synctest.Wait()
}

func (s *service) happens(kind control.EventKind, program string) {
	s.change(func() {
		s.events = append(s.events, control.Event{Seq: uint64(len(s.events) + 1), Kind: kind, Program: program, Time: time.Now(), Reason: "because"})
	})
}

func (s *service) source() Source {
	return Source{
		Services: func() ([]string, error) { return []string{"shop"}, nil },
		Status: func(context.Context, string) (control.Status, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return control.Status{StartedAt: s.life, EventSeq: uint64(len(s.events))}, s.up
		},
		Incidents: func(context.Context, string) ([]incident.Incident, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked.Add(1)
			return append([]incident.Incident(nil), s.record...), s.up
		},
		Events: s.stream,
	}
}

func (s *service) stream(ctx context.Context, _ string, since uint64, each func(control.Event) error) error {
	for {
		s.mu.Lock()
		list, up, news := s.events, s.up, s.news
		s.mu.Unlock()
		for ; since < uint64(len(list)); since++ {
			if err := each(list[since]); err != nil {
				return err
			}
		}
		if up != nil {
			return up
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// memory is a store that outlives observers.
type memory struct {
	mu     sync.Mutex
	states map[string]json.RawMessage
	told   []string
	puts   int
}

func (m *memory) State(service string) json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states[service]
}

func (m *memory) Put(service string, state json.RawMessage, notices []notice.Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.puts++
	m.states[service] = state
	for _, n := range notices {
		m.told = append(m.told, notice.Writer{}.Title(&n))
	}
}

func (m *memory) want(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if strings.Join(m.told, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n  %s\nwant\n  %s", strings.Join(m.told, "\n  "), strings.Join(want, "\n  "))
	}
	m.told = nil
}

// watched runs observers in virtual time, one after the other.
func watched(t *testing.T, test func(t *testing.T, s *service, m *memory, observe func(func()))) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newService(), &memory{states: map[string]json.RawMessage{}}
		test(t, s, m, func(during func()) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { Run(ctx, s.source(), m); close(done) }()
			synctest.Wait()
			during()
			cancel()
			<-done
		})
	})
}

func fell(id string, at time.Time) incident.Incident {
	return incident.Incident{ID: id, Service: "shop", Program: "api", Kind: incident.Exit, Cause: "exit code 1", Falls: 1, Detected: at, Outcome: incident.Ongoing,
		From: 1, DownSince: 1}
}

// What happens is told soon, also where the record is written some time after the event, and an idle service costs nothing.
func TestFollows(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		observe(func() {
			time.Sleep(time.Hour)
			if n := s.asked.Load(); n > 2 {
				t.Errorf("the record was read %d times while nothing happened", n)
			}
			s.happens(control.EventExited, "api")
			time.Sleep(3 * time.Second)
			s.mu.Lock()
			s.record = append(s.record, fell("7", time.Now()))
			s.record[0].Outcome = incident.GaveUp
			s.mu.Unlock()
			time.Sleep(3 * time.Second)
			m.want(t, "shop/api was given up")
		})
		observe(func() { time.Sleep(time.Hour) })
		m.want(t)
	})
}

// A crash loop doesn't make the observer read all the time.
func TestReadsNotTooOften(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		observe(func() {
			for range 1000 {
				s.happens(control.EventExited, "api")
				time.Sleep(100 * time.Millisecond)
			}
			if n := s.asked.Load(); n > 60 {
				t.Errorf("the record was read %d times in 100 s", n)
			}
		})
	})
}

// The observer is away; what it missed is told when it is there again, once, from the record and from the events.
func TestAway(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		observe(func() { time.Sleep(time.Minute) })
		s.happens(control.EventNotReady, "worker")
		s.change(func() { s.record = append(s.record, fell("7", time.Now())) })
		time.Sleep(time.Hour)
		s.happens(control.EventReady, "worker")
		for range 2 {
			observe(func() { time.Sleep(time.Minute) })
		}
		m.want(t, "shop/api is down", "shop/worker is ready again, after 1 h")
	})
}

// A new keeper counts its events anew, and is listened to from the first.
func TestNewKeeper(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		observe(func() {
			for range 50 {
				s.happens(control.EventReady, "api")
			}
			time.Sleep(time.Minute)
			s.change(func() { s.up = errors.New("connection refused") })
			time.Sleep(10 * time.Second)
			s.change(func() {
				s.up, s.life = nil, time.Now()
				s.events = []control.Event{{Seq: 1, Kind: control.EventDefinitionRefused, Time: time.Now()}}
			})
			time.Sleep(time.Minute)
			m.want(t, "shop: the definition was refused")
		})
	})
}

// Nobody answers any more, and nobody has stopped it.
func TestGone(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		observe(func() {
			time.Sleep(time.Minute)
			s.change(func() { s.up = control.ErrNotRunning })
			time.Sleep(2 * time.Minute)
			m.want(t, "shop: nobody answers for the service")
		})
		observe(func() {
			time.Sleep(time.Minute + time.Second) // between two attempts
			m.want(t)
			s.change(func() { s.up = nil })
			time.Sleep(time.Minute)
			m.want(t, "shop answers again, after 3 min 5 s")
		})
	})
}

// A service that isn't there doesn't have the disk written to.
func TestWritesNothingForNothing(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		s.up = control.ErrNotRunning
		observe(func() {
			time.Sleep(time.Hour)
			s.change(func() { s.up = nil })
			time.Sleep(time.Hour)
			for range 1000 {
				s.happens(control.EventHookDone, "api")
			}
			time.Sleep(time.Hour)
		})
		if m.puts > 20 {
			t.Errorf("written %d times", m.puts)
		}
	})
}

// A service that lets nobody in is no service that doesn't answer.
func TestDenied(t *testing.T) {
	watched(t, func(t *testing.T, s *service, m *memory, observe func(func())) {
		observe(func() {
			time.Sleep(time.Minute)
			s.change(func() { s.up = &control.PermissionError{Service: "shop"} })
			time.Sleep(time.Hour)
			m.want(t)
		})
	})
}
