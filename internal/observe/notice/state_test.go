package notice

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// world is a service whose record and time a test makes.
type world struct {
	t      *testing.T
	state  *State
	record []incident.Incident
	begun  time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, state: NewState("shop"), begun: time.Now()}
	w.tell() // seen once: what comes is news
	return w
}

func (w *world) since() incident.Millis { return incident.Millis(time.Since(w.begun) + time.Hour) }

// falls begins an incident.
func (w *world) falls(program string, kind incident.Kind) {
	w.record = append(w.record, incident.Incident{ID: fmt.Sprint(len(w.record)*10 + 1), Service: "shop", Program: program, Kind: kind, Cause: "exit code 1",
		Falls: 1, Detected: time.Now(), Outcome: incident.Ongoing, From: w.since(), DownSince: w.since(), LastOutput: []string{"boom"}})
}

func (w *world) last() *incident.Incident { return &w.record[len(w.record)-1] }

// stands has the last incident over.
func (w *world) stands() { w.ends(incident.Recovered) }

func (w *world) ends(o incident.Outcome) {
	i := w.last()
	i.DownSince, i.Until = 0, w.since()
	i.RecoveredAfter = i.Until - i.From
	if i.Outcome == incident.Ongoing {
		i.Outcome = o
	}
}

// again has the last incident go on with another fall.
func (w *world) again() {
	i := w.last()
	i.Falls++
	i.DownSince, i.Until, i.Outcome = w.since(), 0, incident.Ongoing
}

func (w *world) event(kind control.EventKind, program string) {
	w.state.TakeEvent(control.Event{Seq: w.state.Event + 1, Kind: kind, Program: program, Time: time.Now(), Reason: "because"}, time.Now())
}

// tell gives the titles of what is due, as a follower would: stored, and perhaps read again.
func (w *world) tell() []string {
	w.state.TakeIncidents(w.record, time.Now())
	var titles []string
	for _, n := range w.state.Due(time.Now()) {
		titles = append(titles, Writer{}.Title(&n))
	}
	raw, err := json.Marshal(w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	if again := NewState("shop"); json.Unmarshal(raw, again) != nil {
		w.t.Fatalf("%s", raw)
	}
	return titles
}

// restart has another process take over.
func (w *world) restart() {
	raw, err := json.Marshal(w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	w.state = NewState("shop")
	if err := json.Unmarshal(raw, w.state); err != nil {
		w.t.Fatal(err)
	}
	w.state.Loaded(time.Now())
}

// told collects what is told during d, as a follower wakes up.
func (w *world) told(d time.Duration) []string {
	var titles []string
	for end := time.Now().Add(d); ; {
		titles = append(titles, w.tell()...)
		next := w.state.Next()
		if !next.IsZero() && !next.After(time.Now()) {
			w.t.Fatalf("Next is %v, and Due gave nothing", next)
		}
		if next.IsZero() || next.After(end) {
			time.Sleep(time.Until(end))
			return append(titles, w.tell()...)
		}
		time.Sleep(time.Until(next))
	}
}

func (w *world) want(got []string, want ...string) {
	w.t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func inVirtualTime(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) { f(newWorld(t)) })
}

func TestFallAndReturn(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		w.want(w.told(9 * time.Second))
		w.want(w.told(2*time.Second), "shop/api is down")
		w.want(w.told(time.Hour))
		w.stands()
		w.want(w.told(11 * time.Second))
		w.want(w.told(2*time.Second), "shop/api stands again, after 1 h")
		w.want(w.told(3 * time.Hour))
	})
}

// 10,000 falls are two messages.
func TestCrashLoop(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		var told []string
		for range 9_999 {
			told = append(told, w.told(100*time.Millisecond)...)
			w.stands()
			told = append(told, w.told(100*time.Millisecond)...)
			w.again()
		}
		told = append(told, w.told(time.Second)...)
		w.stands()
		told = append(told, w.told(3*time.Hour)...)
		w.want(told, "shop/api keeps falling", "shop/api stands again, after 33 min 20 s, 10000 falls")
	})
}

// The first brief fall of a program is told, more within an hour in one.
func TestBriefFalls(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		brief := func() {
			w.falls("api", incident.Exit)
			time.Sleep(5 * time.Millisecond)
			w.stands()
		}
		brief()
		w.want(w.told(time.Minute), "shop/api fell and stood again, after 5 ms")
		for range 12 {
			brief()
			w.want(w.told(time.Minute))
		}
		w.want(w.told(time.Hour), "shop/api fell 12 times, and stood again each time, after 5 ms")
		w.want(w.told(2 * time.Hour))
		brief()
		w.want(w.told(time.Minute), "shop/api fell and stood again, after 5 ms")
	})
}

func TestGaveUp(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		w.last().Outcome, w.last().EndReason = incident.GaveUp, "8 restarts within 10m0s"
		w.want(w.told(time.Minute), "shop/api was given up")
		w.stands() // somebody started it
		w.want(w.told(time.Hour), "shop/api runs again, which had been given up, after 1 min")
		w.want(w.told(3 * time.Hour))
	})
}

func TestStoppedWhileDown(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		w.want(w.told(time.Minute), "shop/api is down")
		w.ends(incident.Stopped)
		w.want(w.told(3*time.Hour), "shop/api was stopped before it stood again, after 1 min")
	})
}

func TestSupervisorReplaced(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("", incident.Supervisor)
		w.stands()
		w.want(w.told(time.Minute), "shop: daruma's supervisor was replaced, the programs ran on")
	})
}

// Programs that fall together are one message.
func TestTogether(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		for _, p := range []string{"api", "worker", "mailer", "cron"} {
			w.falls(p, incident.Exit)
		}
		w.want(w.told(time.Minute), "shop: 4 programs (api, worker, mailer, …) are down")
	})
}

// What was over before the service was first seen isn't told; what isn't over is.
func TestFirstSight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, state: NewState("shop"), begun: time.Now()}
		w.falls("old", incident.Exit)
		w.stands()
		w.falls("api", incident.Exit)
		time.Sleep(time.Hour)
		w.want(w.tell(), "shop/api is down")
	})
}

// What happened while the observer was away is told afterwards, once, in one message each.
func TestAway(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		w.want(w.told(time.Minute), "shop/api is down")
		time.Sleep(time.Hour)
		w.stands()
		w.falls("worker", incident.Exit)
		time.Sleep(time.Hour)
		w.restart()
		w.want(w.told(time.Second), "shop/api stands again, after 1 h 1 min", "shop/worker is down")
		w.restart()
		w.want(w.told(3 * time.Hour))
	})
}

// Somebody removed the record: numbers begin anew, and what comes is told.
func TestRecordRemoved(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		w.stands()
		w.falls("api", incident.Exit)
		w.stands()
		w.told(3 * time.Hour)
		w.record = nil
		w.falls("worker", incident.Exit)
		w.want(w.told(time.Minute), "shop/worker is down")
	})
}

// A clock that is set back a year holds nothing up.
func TestClockSetBack(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Exit)
		w.last().Detected = time.Now().AddDate(1, 0, 0)
		w.want(w.told(time.Minute), "shop/api is down")
		w.stands()
		w.want(w.told(time.Minute), "shop/api stands again, after 1 min")
	})
}

func TestConditions(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.event(control.EventNotReady, "api")
		w.want(w.told(9 * time.Second))
		w.event(control.EventReady, "api")
		w.want(w.told(time.Minute))

		w.event(control.EventNotReady, "api")
		w.want(w.told(time.Minute), "shop/api isn't ready")
		w.event(control.EventReady, "api")
		w.want(w.told(time.Minute), "shop/api is ready again, after 1 min")

		w.event(control.EventStopped, "api") // a restart
		w.event(control.EventStarted, "api")
		w.want(w.told(time.Minute))

		w.event(control.EventStopped, "api")
		w.want(w.told(time.Hour), "shop/api was stopped on purpose")
		w.restart()
		w.event(control.EventStarted, "api")
		w.event(control.EventReady, "api")
		w.want(w.told(time.Hour), "shop/api was started again, after 1 h")

		w.event(control.EventLogLoss, "api")
		w.event(control.EventLogLoss, "api")
		w.want(w.told(0), "shop/api: output is being lost")
		w.event(control.EventLogLossEnded, "api")
		w.want(w.told(time.Second), "shop/api: output is written again")

		w.event(control.EventDefinitionRefused, "")
		w.want(w.told(time.Hour), "shop: the definition was refused")
	})
}

// A stop of the service tells those of its programs, and nobody wonders that it doesn't answer.
func TestServiceStopped(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.state.Answered(time.Now())
		w.event(control.EventStopped, "api")
		w.event(control.EventStopped, "worker")
		w.event(control.EventServiceStopped, "")
		w.state.Silent("not running", time.Now())
		w.want(w.told(time.Hour), "shop was stopped on purpose")
		w.event(control.EventServiceStarted, "")
		w.event(control.EventStarted, "api")
		w.event(control.EventStarted, "worker")
		w.want(w.told(time.Hour), "shop was started again, after 1 h")
	})
}

func TestUnreachable(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.state.Silent("never seen to answer: it may never have run", time.Now())
		w.want(w.told(time.Hour))
		w.state.Answered(time.Now())
		w.state.Silent("connection refused", time.Now())
		w.want(w.told(59 * time.Second))
		w.want(w.told(2*time.Second), "shop: nobody answers for the service")
		w.state.Silent("connection refused", time.Now())
		w.want(w.told(time.Hour))
		w.state.Answered(time.Now())
		w.want(w.told(time.Hour), "shop answers again, after 1 h 1 min")
	})
}

// A machine that went down is told once, whether the programs stood before or not.
func TestBackAfterBoot(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.falls("api", incident.Machine)
		w.falls("worker", incident.Machine)
		w.event(control.EventRecoveredAfterBoot, "")
		time.Sleep(time.Second)
		w.stands()
		w.record[0] = w.record[1]
		w.record[0].ID, w.record[0].Program = "1", "api"
		w.want(w.told(time.Hour), "shop: 2 programs (api, worker) are back after the machine was started")
		w.event(control.EventRecoveredAfterBoot, "") // after an orderly shutdown
		w.want(w.told(time.Hour), "shop is back after the machine was started")
	})
}

// An upgrade of daruma is told, and one that failed; each once, also by the observer's next process.
func TestUpgrade(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		w.event(control.EventUpgraded, "")
		w.want(w.tell(), "shop is run by another daruma, the programs ran on")
		w.restart()
		w.want(w.told(time.Minute))
		w.event(control.EventUpgradeFailed, "")
		w.want(w.tell(), "shop: an upgrade of daruma failed, the programs ran on")
		w.event(control.EventUpgraded, "")
		w.want(w.tell(), "shop is run by another daruma, the programs ran on")
		w.want(w.told(time.Minute))
	})
}

// Whatever a supervisor says that somebody else wrote, what is remembered and told of it is bounded.
func TestHostileSupervisor(t *testing.T) {
	inVirtualTime(t, func(w *world) {
		long := strings.Repeat("x", 5_000)
		for k := range 1500 {
			w.falls(fmt.Sprint(k), incident.Exit)
			w.last().Cause, w.last().LastOutput = long, []string{long, long}
			w.event(control.EventNotReady, fmt.Sprint(k)+long)
		}
		time.Sleep(time.Minute)
		w.state.TakeIncidents(w.record, time.Now())
		told := w.state.Due(time.Now())
		raw, err := json.Marshal(told)
		if err != nil || len(told) > 2 || len(raw) > 1<<20 {
			w.t.Errorf("%d notices of %d bytes, %v", len(told), len(raw), err)
		}
		if raw, err := json.Marshal(w.state); err != nil || len(raw) > 4<<20 {
			w.t.Errorf("a state of %d bytes, %v", len(raw), err)
		}
		if m := (Writer{}).Write(&told[0]); len(m.Facts) > maxItems+2 {
			w.t.Errorf("%d facts", len(m.Facts))
		}
	})
}
