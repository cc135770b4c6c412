package systemlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paper is a system's log that keeps what is written; it can be made to block, and to refuse.
type paper struct {
	mu    sync.Mutex
	lines []string
	gate  chan struct{} // nil: doesn't block
	err   error
}

func (p *paper) write(service string, entry Entry, e Event) error {
	if p.gate != nil {
		<-p.gate
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.lines = append(p.lines, fmt.Sprintf("%d %s/%s: %s", entry.ID, service, e.Program, e.Reason))
	return nil
}

func (p *paper) close() {}

func (p *paper) read() []string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	return lines
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("%s: got\n%s\nwant\n%s", time.Now().Format("15:04:05"), strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func noTrouble(t *testing.T) func(error) { return func(err error) { t.Error(err) } }

// A program that falls every seven seconds for half an hour is four events.
func TestACrashLoopIsOneEventWithACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		l := start("shop", p, noTrouble(t))
		begin := time.Now()
		falls := 0
		for time.Since(begin) < 30*time.Minute {
			l.Tell(Event{Kind: "backoff", Program: "api", Reason: fmt.Sprintf("fall %d", falls)})
			falls++
			time.Sleep(7 * time.Second)
		}
		want(t, p.read(),
			"1109 shop/api: fall 0",
			"1109 shop/api: fall 85 (and 84 more since 2000-01-01T00:00:00Z)",
			"1109 shop/api: fall 171 (and 85 more since 2000-01-01T00:10:00Z)",
			"1109 shop/api: fall 257 (and 85 more since 2000-01-01T00:20:00Z)")
		time.Sleep(24 * time.Hour)
		want(t, p.read()) // it is told once that it was over
		l.Tell(Event{Kind: "backoff", Program: "api", Reason: "the next day"})
		want(t, p.read(), "1109 shop/api: the next day")
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Each program and each kind has a count of its own.
func TestOneProgramsFloodHidesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		l := start("shop", p, noTrouble(t))
		for range 1000 {
			l.Tell(Event{Kind: "backoff", Program: "api", Reason: "again"})
		}
		l.Tell(Event{Kind: "backoff", Program: "worker", Reason: "once"})
		l.Tell(Event{Kind: "failed", Program: "api", Reason: "the end"})
		l.Tell(Event{Kind: "exited", Program: "api", Reason: "quiet"})
		want(t, p.read(), "1109 shop/api: again", "1109 shop/worker: once", "1113 shop/api: the end")
		time.Sleep(window - time.Nanosecond)
		want(t, p.read())
		time.Sleep(time.Nanosecond)
		want(t, p.read(), "1109 shop/api: again (and 998 more since 2000-01-01T00:00:00Z)")
		l.Tell(Event{Kind: "failed", Program: "api", Reason: "1"})
		l.Tell(Event{Kind: "failed", Program: "api", Reason: "2"})
		want(t, p.read(), "1113 shop/api: 1")
		if err := l.Close(t.Context()); err != nil { // what was counted isn't lost with the service's end
			t.Error(err)
		}
		want(t, p.read(), "1113 shop/api: 2")
	})
}

// What was counted stands before the service's end, in the order in which it came.
func TestCountsComeBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		l := start("shop", p, noTrouble(t))
		for _, reason := range []string{"1", "2"} {
			l.Tell(Event{Kind: "notReady", Program: "b", Reason: reason})
			time.Sleep(time.Second)
			l.Tell(Event{Kind: "started", Program: "a", Reason: reason})
			time.Sleep(time.Second)
		}
		p.read()
		l.Tell(Event{Kind: "serviceStopped", Reason: "SIGTERM"})
		want(t, p.read(), "1105 shop/b: 2", "1103 shop/a: 2", "1003 shop/: SIGTERM")
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		want(t, p.read())
	})
}

// The start of a large service doesn't fill the log, and what was counted first is told first.
func TestACrowdSharesOneCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		l := start("shop", p, noTrouble(t))
		defer l.Close(t.Context())
		for i := range 500 {
			l.Tell(Event{Kind: "started", Program: fmt.Sprintf("p%03d", i), Reason: "up"})
		}
		if got := p.read(); len(got) != crowd {
			t.Errorf("%d events of 500 programs, want %d", len(got), crowd)
		}
		l.Tell(Event{Kind: "failed", Program: "p499", Reason: "gave up"})
		want(t, p.read(), "1113 shop/p499: gave up")
		time.Sleep(window)
		want(t, p.read(), "1103 shop/p499: up (and 483 more of this kind, of several programs, since 2000-01-01T00:00:00Z)")
		l.Tell(Event{Kind: "started", Program: "new", Reason: "up"})
		want(t, p.read(), "1103 shop/new: up")
	})
}

// A tally that is due before the one for which the writer sleeps is told in time.
func TestTheEarliestCountIsToldFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		l := start("shop", p, noTrouble(t))
		defer l.Close(t.Context())
		tell := func(program, reason string) { l.Tell(Event{Kind: "notReady", Program: program, Reason: reason}) }
		tell("a", "1")
		time.Sleep(5 * time.Minute)
		tell("b", "1")
		tell("b", "2")
		time.Sleep(time.Minute)
		tell("a", "2")
		p.read()
		time.Sleep(4 * time.Minute)
		want(t, p.read(), "1105 shop/a: 2")
		time.Sleep(5 * time.Minute)
		want(t, p.read(), "1105 shop/b: 2")
	})
}

// Tell never waits for a log that hangs; what found no room is counted, and said when the log takes events again.
func TestALogThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{gate: make(chan struct{})}
		l := start("shop", p, noTrouble(t))
		l.Tell(Event{Kind: "serviceStarted", Reason: "now"})
		synctest.Wait() // the writer hangs in it
		for i := range room + 44 {
			l.Tell(Event{Kind: fmt.Sprint("kind", i), Reason: "x"}) // each a kind of its own: none is only counted
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close with a log that hangs: %v", err)
		}
		close(p.gate)
		<-l.done
		got := p.read()
		if len(got) != 1+room+1 || got[len(got)-1] != "1013 shop/: 44 came faster than they were taken" {
			t.Errorf("%d events, the last %q", len(got), got[len(got)-1])
		}
	})
}

func TestTroubleIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{err: errors.New("refused")}
		var told []string
		l := start("shop", p, func(err error) { told = append(told, err.Error()) })
		for range 5 {
			l.Tell(Event{Kind: "failed", Program: "api", Reason: "x"})
			time.Sleep(time.Hour)
		}
		synctest.Wait()
		p.mu.Lock()
		p.err = nil
		p.mu.Unlock()
		l.Tell(Event{Kind: "failed", Program: "api", Reason: "works again"})
		want(t, p.read(), "1113 shop/api: works again")
		p.err = errors.New("refused")
		time.Sleep(time.Hour)
		l.Tell(Event{Kind: "failed", Program: "api", Reason: "x"})
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		want(t, told, "refused", "refused")
	})
}

// What a reason must not tell is taken out when it is written, the count stays.
func TestReasonsAreCleaned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		l := start("shop", p, noTrouble(t))
		e := Event{Kind: "failed", Program: "api", Reason: "tok_1234", Clean: func(reason string) string { return Plain(reason, []string{"tok_1234"}) }}
		for range 3 {
			l.Tell(e)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		want(t, p.read(), "1113 shop/api: ***", "1113 shop/api: *** (and 1 more since 2000-01-01T00:00:00Z)")
	})
}

func TestWithoutALog(t *testing.T) {
	var l *Log
	l.Tell(Event{Kind: "failed"})
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTellAllocatesNothingForWhatIsCounted(t *testing.T) {
	l := start("shop", &paper{}, noTrouble(t))
	defer l.Close(t.Context())
	e := Event{Kind: "backoff", Program: "api", Reason: "x"}
	l.Tell(e)
	if n := testing.AllocsPerRun(1000, func() { l.Tell(e) }); n > 0 {
		t.Errorf("%.1f allocations for an event that is only counted", n)
	}
}
