package incident

import (
	"os"
	"slices"
	"testing"
	"time"
)

// The supervisor is killed while a program is down; its successor goes on with the same incident.
func TestSupervisorReplaced(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	r.RecordWanted("worker", true, "start")
	id := r.RecordFall(Fall{Program: "api", Generation: 1, Kind: Signal, Cause: "killed by SIGKILL", Signal: "SIGKILL"})
	closeRecorder(t, r)
	c.pass(2 * time.Second)
	c.set(-365 * 24 * time.Hour)

	r, found := open(t, path, c, Options{Start: SupervisorReplaced, Reason: "the supervisor was killed by SIGKILL", Absent: 500 * time.Millisecond})
	if found.Down != "" || found.Booted || len(found.Open) != 1 || found.Open[0].ID != id || !slices.Equal(found.Wanted, []string{"api", "worker"}) {
		t.Fatalf("%+v", found)
	}
	c.pass(time.Second)
	r.RecordRecovery(Recovery{Program: "api", Generation: 2, Ago: 2500 * time.Millisecond}) // by the keeper's restart grants, before we were there
	r.RecordRecovery(Recovery{Program: "api", Generation: 2})
	next := r.RecordFall(Fall{Program: "worker", Kind: Exit, Cause: "exit code 1"})
	flush(t, r)
	h := history(t, path, c)
	if len(h.Incidents) != 3 || next == id {
		t.Fatalf("%+v", h.Incidents)
	}
	if i := h.Incidents[0]; i.Outcome != Recovered || i.Down != Millis(500*time.Millisecond) {
		t.Errorf("%+v", i)
	}
	if i := h.Incidents[1]; i.Kind != Supervisor || i.Program != "" || i.Outcome != Recovered || i.RecoveredAfter != Millis(500*time.Millisecond) ||
		i.Cause != "the supervisor was killed by SIGKILL" {
		t.Errorf("%+v", i)
	}
	if a := one(t, h, "api"); a.Wanted != Millis(3*time.Second) || a.Down != Millis(500*time.Millisecond) {
		t.Errorf("%+v", a)
	}
}

// The keeper dies, or the machine does: what was wanted was down since the recorder was last known to live.
func TestServiceStartedAgain(t *testing.T) {
	for _, test := range []struct {
		kind  Kind
		again func(*hands)
	}{
		{Keeper, func(c *hands) { c.pass(40 * time.Second); c.set(-365 * 24 * time.Hour) }},
		{Machine, func(c *hands) { c.reboot("boot-2", 40*time.Second) }},
	} {
		path, c := file(t), newHands()
		r, _ := open(t, path, c, Options{})
		for _, p := range []string{"api", "worker", "idle"} {
			r.RecordWanted(p, true, "start")
		}
		r.RecordWanted("idle", false, "stopped by the user")
		r.RecordFall(Fall{Program: "worker", Kind: Exit, Cause: "exit code 1"})
		c.pass(60 * time.Second)
		closeRecorder(t, r) // writes the mark
		test.again(c)
		r, found := open(t, path, c, Options{})
		if len(found.Open) != 2 || !slices.Equal(found.Wanted, []string{"api", "worker"}) || found.Down != test.kind || found.Booted != (test.kind == Machine) {
			t.Fatalf("%s: %+v", test.kind, found)
		}
		c.pass(2 * time.Second)
		r.RecordRecovery(Recovery{Program: "api", Generation: 1})
		r.RecordRecovery(Recovery{Program: "worker", Generation: 1})
		flush(t, r)
		h := history(t, path, c)
		if i := h.Incidents[1]; i.Program != "api" || i.Kind != test.kind || i.RecoveredAfter != Millis(42*time.Second) {
			t.Errorf("%s: %+v", test.kind, i)
		}
		if i := h.Incidents[0]; i.Program != "worker" || i.Kind != Exit || i.RecoveredAfter != Millis(102*time.Second) {
			t.Errorf("%s: %+v", test.kind, i)
		}
		boot := h.SinceBoot()
		if a := one(t, h, "api"); test.kind == Machine && (a.Wanted != Millis(22*time.Second) || a.Percent != 0 || !boot.Since.Equal(c.wall.Add(-22*time.Second))) {
			t.Errorf("since boot: %+v, since %v", a, boot.Since)
		}
		for _, a := range h.Report(h.Last(24 * time.Hour)) {
			if a.Program == "api" && (a.Wanted != Millis(102*time.Second) || a.Down != Millis(42*time.Second)) {
				t.Errorf("%s: over a day: %+v", test.kind, a)
			}
		}
	}
}

// Since the machine's boot means since its boot, and where a record begins within it, since daruma's first start.
func TestSinceTheBootOfTheMachine(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	flush(t, r)
	began := c.wall
	c.pass(time.Minute)
	if w := history(t, path, c).SinceBoot(); !w.Started || !w.Since.Equal(began) || w.To-w.From != Millis(time.Minute) {
		t.Errorf("in the record's first boot: %+v, want since %v", w, began)
	}
	closeRecorder(t, r)
	c.reboot("boot-2", time.Minute) // 20 s ago
	booted := c.wall.Add(-20 * time.Second)
	c.pass(72 * time.Second)
	for range 2 { // another supervisor changes nothing
		r, _ = open(t, path, c, Options{})
		r.RecordRecovery(Recovery{Program: "api"})
		closeRecorder(t, r)
		if w := history(t, path, c).SinceBoot(); w.Started || !w.Since.Equal(booted) || w.To-w.From != Millis(c.wall.Sub(booted)) {
			t.Errorf("after a boot: %+v, want since %v", w, booted)
		}
		if a := one(t, history(t, path, c), "api"); a.Down < Millis(92*time.Second) {
			t.Errorf("after a boot: %+v, want 92 s down, for they count from the machine's boot", a)
		}
		c.pass(time.Second)
	}
}

// What was stopped in order fell of nothing, whatever followed.
func TestServiceStoppedInOrder(t *testing.T) {
	path, c := file(t), newHands()
	r, found := open(t, path, c, Options{})
	if found.Down != "" || found.Booted {
		t.Errorf("the first start of all: %+v", found)
	}
	r.RecordWanted("api", true, "start")
	r.RecordWanted("", false, "service stopped")
	closeRecorder(t, r)
	if _, found = open(t, path, c, Options{}); found.Down != "" || found.Booted {
		t.Errorf("started again: %+v", found)
	}
	path, c = file(t), newHands()
	r, _ = open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	r.RecordWanted("", false, "service stopped")
	closeRecorder(t, r)
	c.reboot("boot-2", time.Minute)
	if _, found = open(t, path, c, Options{}); found.Down != "" || !found.Booted {
		t.Errorf("started after a boot: %+v", found)
	}
}

// A clock that wasn't set, before or after a boot, must not make down time of years.
func TestClockWithoutBattery(t *testing.T) {
	path, c := file(t), newHands()
	c.wall = time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC)
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	closeRecorder(t, r)
	c.reboot("boot-2", 0)
	c.wall = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	r, _ = open(t, path, c, Options{})
	r.RecordRecovery(Recovery{Program: "api"})
	closeRecorder(t, r)
	c.reboot("boot-3", -50*365*24*time.Hour)
	r, _ = open(t, path, c, Options{})
	r.RecordRecovery(Recovery{Program: "api"})
	flush(t, r)
	for _, i := range history(t, path, c).Incidents {
		if i.Down > Millis(time.Second) {
			t.Errorf("down for %v", i.Down.Duration())
		}
	}
}

// What a reader says when daruma is dead: nothing is known of the time since.
func TestNothingIsKnownOfTheTimeAfterDeath(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	c.pass(10 * time.Second)
	closeRecorder(t, r)
	c.pass(time.Minute)
	if a := one(t, history(t, path, c), "api"); a.Wanted != Millis(70*time.Second) {
		t.Errorf("a minute after the last mark: %+v", a)
	}
	c.pass(time.Hour)
	h := history(t, path, c)
	if a := one(t, h, "api"); a.Wanted != Millis(10*time.Second) || !h.Observed.Equal(c.wall.Add(-time.Hour-time.Minute)) {
		t.Errorf("an hour after: %+v, observed %v", a, h.Observed)
	}
}

func TestTornMarkOfLifeIsIgnored(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	c.pass(time.Hour)
	closeRecorder(t, r)
	for _, text := range []string{"", "{", "{}\n", "null"} {
		if err := os.WriteFile(alivePath(path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if h := history(t, path, c); h.end > Millis(time.Second) {
			t.Errorf("%q: observed up to %v", text, h.end.Duration())
		}
	}
}

// A start that is refused again and again after an ordered stop is one outage, from the first refusal until the programs run. What
// somebody had stopped isn't part of it.
func TestRefusedStarts(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	for _, p := range []string{"api", "idle"} {
		r.RecordWanted(p, true, "start")
	}
	r.RecordWanted("idle", false, "requested")
	c.pass(time.Minute)
	r.RecordWanted("", false, ServiceStopped)
	closeRecorder(t, r)
	c.reboot("boot-2", time.Minute)
	for _, pass := range []time.Duration{time.Second, 71 * time.Second} {
		r, _ = open(t, path, c, Options{Outage: &Outage{Kind: Service, Cause: "refused", Action: "refused"}})
		closeRecorder(t, r)
		c.pass(pass)
	}
	r, found := open(t, path, c, Options{})
	if !slices.Equal(found.Wanted, []string{"api"}) || len(found.Open) != 1 {
		t.Errorf("%+v", found)
	}
	r.RecordRecovery(Recovery{Program: "api"})
	c.pass(28 * time.Second)
	flush(t, r)
	h := history(t, path, c)
	if a := one(t, h, "api"); a.Down != Millis(72*time.Second) || a.Wanted != Millis(100*time.Second) || a.Incidents != 1 || a.Falls != 1 {
		t.Errorf("%+v, want 72 s of 100 s", a)
	}
	if a := one(t, h, "idle"); a.Wanted != 0 || a.Incidents != 0 {
		t.Errorf("%+v, want nothing, for it was stopped", a)
	}
	if i := h.Incidents[0]; i.Kind != Service || i.Cause != "refused" || i.RecoveredAfter != Millis(72*time.Second) {
		t.Errorf("%+v", i)
	}
}

// An outage that is learned of afterwards counts from its beginning, but not from before the service was stopped in order.
func TestOutageBeforeTheStart(t *testing.T) {
	for stopped, want := range map[time.Duration]time.Duration{time.Minute: 15 * time.Second, 5 * time.Second: 5 * time.Second} {
		path, c := file(t), newHands()
		r, _ := open(t, path, c, Options{})
		r.RecordWanted("api", true, "start")
		c.pass(time.Minute)
		r.RecordWanted("", false, ServiceStopped)
		closeRecorder(t, r)
		c.pass(stopped)
		r, _ = open(t, path, c, Options{Outage: &Outage{Kind: Service, Cause: "it wasn't started", Action: "ensured", Ago: 15 * time.Second}})
		r.RecordWanted("api", true, "start")
		r.RecordRecovery(Recovery{Program: "api"})
		flush(t, r)
		a := one(t, history(t, path, c), "api")
		if a.Down != Millis(want) || a.Wanted != Millis(time.Minute+want) {
			t.Errorf("stopped %v ago: %+v, want %v down", stopped, a, want)
		}
	}
}

// A service that ends with a failure and is started again was down in between, its programs with it.
func TestServiceEndsWithAFailure(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	for _, p := range []string{"api", "worker"} {
		r.RecordWanted(p, true, "start")
	}
	c.pass(time.Minute)
	r.RecordFall(Fall{Program: "worker", Kind: Exit, Cause: "exit code 1"})
	r.RecordOutage(Outage{Kind: Service, Cause: "escalated"})
	closeRecorder(t, r)
	c.pass(15 * time.Second)
	r, _ = open(t, path, c, Options{})
	for _, p := range []string{"api", "worker"} {
		r.RecordRecovery(Recovery{Program: p})
	}
	flush(t, r)
	h := history(t, path, c)
	for _, p := range []string{"api", "worker"} {
		if a := one(t, h, p); a.Down != Millis(15*time.Second) || a.Incidents != 1 {
			t.Errorf("%+v", a)
		}
	}
	if worker, api := h.Incidents[0], h.Incidents[1]; worker.Kind != Exit || api.Kind != Service || api.Program != "api" {
		t.Errorf("%+v", h.Incidents)
	}
}
