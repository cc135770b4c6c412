package service

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/service/internal/platform"
)

// fakePlatform notes what the runner reports.
type fakePlatform struct {
	mu     sync.Mutex
	said   []string
	latest platform.Situation
	times  []time.Time // of the reports
	hints  []time.Duration
}

func (p *fakePlatform) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, fmt.Sprintf(format, args...))
}

func (p *fakePlatform) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.said)
}

func (p *fakePlatform) Reloading()             { p.note("reloading") }
func (p *fakePlatform) Reloaded()              { p.note("reloaded") }
func (p *fakePlatform) Status(text string)     { p.note("status %s", text) }
func (p *fakePlatform) Extend(d time.Duration) { p.note("extend %v", d) }
func (p *fakePlatform) Beat()                  { p.note("beat") }
func (p *fakePlatform) Send(lines ...string)   { p.note("send %s", strings.Join(lines, " ")) }
func (p *fakePlatform) Ended(o platform.Outcome) {
	if o.Final {
		p.note("ended %d for good", o.Code)
		return
	}
	p.note("ended %d", o.Code)
}
func (p *fakePlatform) Report(s platform.Situation) {
	if s.Checkpoint <= 1 {
		p.note("%v", s.State)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latest = s
	p.times = append(p.times, time.Now())
	p.hints = append(p.hints, s.Hint)
}

// buffer takes the log of several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// rehearsal is a service on a fake platform.
type rehearsal struct {
	t        *testing.T
	runner   *runner
	platform *fakePlatform
	limits   map[Reason]time.Duration // of its stop
	log      *buffer
	stderr   *buffer
	exits    []int
	result   chan error
}

// rehearse starts s, in a bubble of synctest.
func rehearse(t *testing.T, s Service) *rehearsal {
	t.Helper()
	return rehearseBefore(t, s, func(*runner) {})
}

// rehearseBefore is rehearse with something done to the runner first.
func rehearseBefore(t *testing.T, s Service, first func(*runner)) *rehearsal {
	t.Helper()
	log := &buffer{}
	h := prepare(t, s, slog.New(slog.NewTextHandler(log, nil)))
	h.log = log
	first(h.runner)
	h.start()
	return h
}

// rehearseWith is rehearse with a logger of the test's own.
func rehearseWith(t *testing.T, s Service, log *slog.Logger) *rehearsal {
	t.Helper()
	h := prepare(t, s, log)
	h.start()
	return h
}

func (h *rehearsal) start() {
	go func() { h.result <- h.runner.run(context.Background()) }()
	synctest.Wait()
}

// prepare makes what start starts.
func prepare(t *testing.T, s Service, log *slog.Logger) *rehearsal {
	t.Helper()
	h := &rehearsal{t: t, platform: &fakePlatform{},
		stderr: &buffer{}, result: make(chan error, 1)}
	s.Name = "rehearsal"
	s.Logger = log
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	h.limits = map[Reason]time.Duration{ReasonShutdown: 4 * time.Second}
	limits := func(reason Reason) time.Duration { return h.limits[reason] }
	h.runner = newRunner(s.withDefaults(), surroundings{Platform: h.platform, limits: limits}, newMailbox(), nil)
	h.runner.stderr = h.stderr
	h.runner.exit = func(code int) { h.exits = append(h.exits, code) }
	return h
}

func (h *rehearsal) post(m message) {
	h.runner.mail.post(m)
	synctest.Wait()
}

// state is the runner's, read while nothing moves.
func (h *rehearsal) state() platform.State {
	synctest.Wait()
	return h.runner.state
}

// finish waits for the end and gives Run's error.
func (h *rehearsal) finish() error {
	h.t.Helper()
	select {
	case err := <-h.result:
		return err
	case <-time.After(time.Hour):
		h.t.Fatalf("still %v after an hour; said: %q", h.runner.state, h.platform.all())
		return nil
	}
}

func (h *rehearsal) wantSaid(want ...string) {
	h.t.Helper()
	synctest.Wait()
	if got := h.platform.all(); !slices.Equal(got, want) {
		h.t.Errorf("the platform was told\n%q, want\n%q", got, want)
	}
}

// obedient is ready at once and ends when it is told to.
func obedient(ctx context.Context, host *Host) error {
	host.Ready()
	<-ctx.Done()
	return nil
}
