package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	daruma "github.com/daruma-sh/daruma/service"
)

// script is a program that does what a test says, and keeps what happened to it, with the second.
type script struct {
	start, stop func() error
	begun       time.Time
	mu          sync.Mutex
	events      []string
}

func (p *script) note(event string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, fmt.Sprintf("%s %v", event, time.Since(p.begun)))
}

func (p *script) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

func (p *script) Start(Service) error {
	p.note("start")
	if p.start == nil {
		return nil
	}
	err := p.start()
	p.note("started")
	return err
}

func (p *script) Stop(Service) error {
	p.note("stop")
	if p.stop == nil {
		return nil
	}
	return p.stop()
}

func (p *script) Ready()    { p.note("ready") }
func (p *script) Stopping() { p.note("stopping") }

type shutdownScript struct{ *script }

func (p shutdownScript) Shutdown(Service) error {
	p.note("shutdown")
	return nil
}

func TestServe(t *testing.T) {
	sleep := func(d time.Duration) func() error {
		return func() error { time.Sleep(d); return nil } // sleep: virtual time (synctest)
	}
	wrong := errors.New("wrong")
	fail := func() error { return wrong }
	tests := []struct {
		name   string
		script *script
		wait   func()
		stopAt time.Duration // when the request to stop comes; 0: never
		want   string
		err    error
	}{
		{name: "stop", stopAt: time.Minute, want: "start 0s, ready 0s, stop 1m0s"},
		{name: "Start fails", script: &script{start: fail}, want: "start 0s, started 0s", err: wrong},
		{name: "Stop fails", script: &script{stop: fail}, stopAt: time.Minute, want: "start 0s, ready 0s, stop 1m0s", err: wrong},
		{name: "slow Start", script: &script{start: sleep(10 * time.Second)}, stopAt: time.Minute,
			want: "start 0s, started 10s, ready 10s, stop 1m0s"},
		{name: "very slow Start", script: &script{start: sleep(40 * time.Second)}, stopAt: time.Minute,
			want: "start 0s, ready 30s, started 40s, stop 1m0s"},
		{name: "Start blocks", script: &script{start: sleep(time.Hour)}, stopAt: time.Minute, want: "start 0s, ready 30s, stop 1m0s, started 1h0m0s"},
		{name: "Start fails late", script: &script{start: func() error { time.Sleep(time.Minute); return wrong }}, // sleep: virtual time
			stopAt: time.Hour, want: "start 0s, ready 30s, started 1m0s", err: wrong},
		{name: "stop during Start", script: &script{start: sleep(12 * time.Second)}, stopAt: 10 * time.Second,
			want: "start 0s, started 12s, stop 12s"},
		{name: "stop during a Start that blocks", script: &script{start: sleep(time.Hour)}, stopAt: 10 * time.Second,
			want: "start 0s, stop 15s, started 1h0m0s"},
		{name: "RunWait ends it", wait: func() { time.Sleep(time.Minute) }, // sleep: virtual time
			want: "start 0s, ready 0s, stopping 1m0s, stop 1m0s"},
		{name: "RunWait hears the signal", wait: func() { time.Sleep(time.Minute) }, stopAt: 50 * time.Second, // sleep: virtual time
			want: "start 0s, ready 0s, stop 1m0s"},
		{name: "RunWait doesn't", wait: func() { time.Sleep(time.Hour) }, stopAt: time.Minute, // sleep: virtual time
			want: "start 0s, ready 0s, stop 1m30s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := test.script
				if p == nil {
					p = &script{}
				}
				p.begun = time.Now()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.stopAt > 0 {
					defer time.AfterFunc(test.stopAt, func() { cancel(daruma.ReasonTerminate) }).Stop()
				}
				r := &runner{program: p, wait: test.wait, log: slog.New(slog.DiscardHandler)}
				if err := r.serve(ctx, p); !errors.Is(err, test.err) {
					t.Errorf("serve: %v, want %v", err, test.err)
				}
				time.Sleep(2 * time.Hour) // sleep: virtual time: whatever is still running comes to its end
				if got := strings.Join(p.told(), ", "); got != test.want {
					t.Errorf("events\n %s, want\n %s", got, test.want)
				}
			})
		})
	}
}

func TestShutdownIsToldFromAStop(t *testing.T) {
	for reason, want := range map[daruma.Reason]string{daruma.ReasonShutdown: "shutdown 0s", daruma.ReasonPreShutdown: "shutdown 0s",
		daruma.ReasonStop: "stop 0s", daruma.ReasonTerminate: "stop 0s"} {
		synctest.Test(t, func(t *testing.T) {
			p := shutdownScript{&script{begun: time.Now()}}
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(reason)
			if err := (&runner{program: p}).serve(ctx, p); err != nil {
				t.Error(err)
			}
			if got := p.told(); !slices.Contains(got, want) || len(got) > 3 {
				t.Errorf("%v: events %q, want %q among them and one end only", reason, got, want)
			}
		})
	}
}

func TestPanicOfStartBecomesAnError(t *testing.T) {
	p := &script{start: func() error { panic("bad luck") }}
	err := (&runner{program: p}).serve(t.Context(), p)
	panicked := (*daruma.PanicError)(nil)
	if !errors.As(err, &panicked) || panicked.Value != "bad luck" || !strings.Contains(string(panicked.Stack), "TestPanicOfStart") {
		t.Errorf("serve: %#v, want a panic with its value and its stack", err)
	}
}

func TestPlainName(t *testing.T) {
	for name, want := range map[string]string{"shop": "shop", "SPA web application": "SPA-web-application", "_x": "x", "日本": "service",
		strings.Repeat("a", 100): strings.Repeat("a", 80)} {
		if got := plainName(name); got != want {
			t.Errorf("plainName(%q) = %q, want %q", name, got, want)
		}
	}
}
