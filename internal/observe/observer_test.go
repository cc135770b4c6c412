package observe

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// answering is a client whose supervisor gives this status, or this error, and a record.
type answering struct {
	status func(context.Context) (control.Status, error)
	record func() []byte
}

func (a answering) Status(ctx context.Context) (control.Status, error) { return a.status(ctx) }

func (a answering) Incidents(context.Context) ([]byte, error) {
	if a.record == nil {
		return nil, errors.New("no record")
	}
	return a.record(), nil
}

// observing gives an observer that keeps nothing.
func observing(services func() ([]string, error), ask func(context.Context, string) (control.Status, error)) *Observer {
	return newObserver("", nil, services, func(service string) (client, error) {
		return answering{status: func(ctx context.Context) (control.Status, error) { return ask(ctx, service) }}, nil
	})
}

func names(list ...string) func() ([]string, error) {
	return func() ([]string, error) { return list, nil }
}

// One supervisor that hangs costs a second, and hides nothing of the others; a service that lets nobody in isn't seen at all.
func TestLookIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observing(names("down", "hung", "shop", "theirs"), func(ctx context.Context, service string) (control.Status, error) {
			switch service {
			case "hung":
				<-ctx.Done()
				return control.Status{}, ctx.Err()
			case "down":
				return control.Status{}, control.ErrNotRunning
			case "theirs":
				return control.Status{}, &control.PermissionError{Service: service}
			}
			return control.Status{Service: service}, nil
		})
		begin := time.Now()
		seen, err := o.Look(t.Context())
		if err != nil || len(seen) != 3 {
			t.Fatalf("%+v, %v", seen, err)
		}
		if took := time.Since(begin); took > askLimit {
			t.Errorf("the look took %v", took)
		}
		if seen[0].Service != "down" || seen[0].Err == nil || seen[1].Service != "hung" || seen[1].Err == nil || seen[2].Service != "shop" || seen[2].Err != nil {
			t.Errorf("%+v", seen)
		}
	})
}

// Two lookers ask once; later ones ask anew.
func TestLookIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		o := observing(names("shop"), func(context.Context, string) (control.Status, error) {
			asked++
			return control.Status{}, nil
		})
		for range 2 {
			if _, err := o.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times at once", asked)
		}
		time.Sleep(freshFor)
		if _, err := o.Look(t.Context()); err != nil || asked != 2 {
			t.Errorf("asked %d times after that, %v", asked, err)
		}
	})
}

// What an asker that went away left behind isn't given to the next.
func TestLookOfAnAskerThatWent(t *testing.T) {
	o := observing(names("shop"), func(ctx context.Context, _ string) (control.Status, error) {
		return control.Status{}, ctx.Err()
	})
	gone := errors.New("the scraper hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := o.Look(ctx); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	if seen, err := o.Look(t.Context()); err != nil || seen[0].Err != nil {
		t.Errorf("%+v, %v", seen, err)
	}
}

// Counters go on over a new supervisor and a new keeper, over a time in which nobody answers, and never decrease.
func TestCountersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := control.Status{}
		var down error
		o := observing(names("shop"), func(context.Context, string) (control.Status, error) {
			st := now
			st.Programs = append([]control.ProgramStatus(nil), now.Programs...)
			return st, down
		})
		look := func(supervisors, restarts int, bytes int64) control.Status {
			t.Helper()
			time.Sleep(freshFor)
			now = control.Status{SupervisorRestarts: supervisors, Programs: []control.ProgramStatus{{Name: "api", Restarts: restarts, LogBytes: bytes, LogLost: bytes / 2}}}
			seen, err := o.Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return seen[0].Status
		}
		look(1, 5, 100)
		st := look(2, 5, 20) // a new supervisor: its count of bytes begins anew
		if p := st.Programs[0]; st.SupervisorRestarts != 2 || p.Restarts != 5 || p.LogBytes != 120 || p.LogLost != 60 {
			t.Errorf("%+v", st)
		}
		down = control.ErrNotRunning
		look(0, 0, 0)
		down = nil
		st = look(0, 1, 0) // a new keeper: all counts do
		if p := st.Programs[0]; st.SupervisorRestarts != 2 || p.Restarts != 6 || p.LogBytes != 120 || p.LogLost != 60 {
			t.Errorf("%+v", st)
		}
	})
}

// An installed observer hears of all names of services. One that doesn't run and never let it in isn't seen; one that did is down.
func TestLookOfAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := false
		o := observing(names("shop", "theirs"), func(_ context.Context, service string) (control.Status, error) {
			if down || service == "theirs" {
				return control.Status{}, control.ErrNotRunning
			}
			return control.Status{}, nil
		})
		o.reader = true
		for _, down = range []bool{false, true} {
			seen, err := o.Look(t.Context())
			if err != nil || len(seen) != 1 || seen[0].Service != "shop" || (seen[0].Err != nil) != down {
				t.Errorf("down %v: %+v, %v", down, seen, err)
			}
			time.Sleep(freshFor)
		}
	})
}

// While a page is open, which asks each second, a look asks nobody; what was heard before the last look, or of an older keeper, isn't taken: less than
// before would be counted as a new life. What another one holds isn't written into.
func TestLookTakesWhatIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		asked := 0
		at := func(uptime float64, restarts int) control.Status {
			return control.Status{StartedAt: began, UptimeSeconds: uptime, Programs: []control.ProgramStatus{{Name: "api", Restarts: restarts,
				Probes: []control.ProbeStatus{{Kind: "liveness", Probes: uint64(restarts)}}}}}
		}
		own := at(1, 10)
		o := observing(names("shop"), func(context.Context, string) (control.Status, error) {
			asked++
			return own, nil
		})
		var heard control.Status
		there := false
		o.Share(func(service string) (control.Status, bool) { return heard, there && service == "shop" })
		look := func(what string, restarts, asks int) {
			t.Helper()
			time.Sleep(time.Second)
			seen, err := o.Look(t.Context())
			if err != nil || len(seen) != 1 || len(seen[0].Status.Programs) != 1 {
				t.Fatalf("%s: %+v, %v", what, seen, err)
			}
			if p := seen[0].Status.Programs[0]; p.Restarts != restarts || p.Probes[0].Probes != uint64(restarts) || asked != asks {
				t.Errorf("%s: %d restarts, %d probes, asked %d times; want %d, asked %d times", what, p.Restarts, p.Probes[0].Probes, asked, restarts, asks)
			}
		}
		look("nobody heard anything", 10, 1)
		heard, there = at(2, 12), true
		look("heard a moment ago", 12, 1)
		heard = at(1.5, 11)
		own = at(3, 13)
		look("heard before the last look", 13, 2)
		heard = control.Status{StartedAt: began.Add(-time.Hour), UptimeSeconds: 3600, Programs: at(0, 99).Programs}
		own = at(4, 14)
		look("of the keeper before", 14, 3)
		heard = at(1, 2)
		heard.StartedAt = began.Add(time.Hour)
		look("of a new keeper", 16, 3)
		if heard.Programs[0].Restarts != 2 || heard.Programs[0].Probes[0].Probes != 2 {
			t.Errorf("what another one holds was changed: %+v", heard.Programs)
		}
	})
}
