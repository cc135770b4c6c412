package incident

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// hands is a clock that a test moves.
type hands struct {
	mu   sync.Mutex
	boot string
	mono time.Duration
	wall time.Time
}

func newHands() *hands {
	return &hands{boot: "boot-1", mono: time.Hour, wall: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)}
}

func (h *hands) clock() *clock {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &clock{boot: h.boot,
		mono: func() time.Duration { h.mu.Lock(); defer h.mu.Unlock(); return h.mono },
		wall: func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.wall }}
}

func (h *hands) pass(d time.Duration) {
	h.mu.Lock()
	h.mono += d
	h.wall = h.wall.Add(d)
	h.mu.Unlock()
}

// set moves the wall clock alone.
func (h *hands) set(d time.Duration) { h.mu.Lock(); h.wall = h.wall.Add(d); h.mu.Unlock() }

// reboot takes d by the wall clock; the monotonic clock begins anew.
func (h *hands) reboot(id string, d time.Duration) {
	h.mu.Lock()
	h.boot, h.mono, h.wall = id, 20*time.Second, h.wall.Add(d)
	h.mu.Unlock()
}

func open(t *testing.T, path string, c *hands, o Options) (*Recorder, Found) {
	t.Helper()
	o.Service, o.clock = "shop", c.clock()
	if o.Start == "" {
		o.Start = ServiceStarted
	}
	r, found, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeRecorder(t, r) })
	return r, found
}

func closeRecorder(t *testing.T, r *Recorder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
}

// flush waits until all is on the disk, and that the recorder lives.
func flush(t *testing.T, r *Recorder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	r.writeAlive() // NoteAlive goes by real time
}

func history(t *testing.T, path string, c *hands) *History {
	t.Helper()
	h, err := read(path, c.clock())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "incidents.jsonl") }

func one(t *testing.T, h *History, program string) Availability {
	t.Helper()
	for _, a := range h.Report(h.SinceBoot()) {
		if a.Program == program {
			return a
		}
	}
	t.Fatalf("no report about %s", program)
	return Availability{}
}

// A fall, recorded and read back; the clock is set back a year in the middle of it.
func TestFallAndRecovery(t *testing.T) {
	path, c := file(t), newHands()
	r, found := open(t, path, c, Options{Reason: "start of the service"})
	if len(found.Open)+len(found.Wanted)+found.Broken != 0 {
		t.Errorf("found in a new file: %+v", found)
	}
	r.RecordWanted("api", true, "start")
	c.pass(100 * time.Second)
	code := 3
	id := r.RecordFall(Fall{Program: "api", Generation: 7, Kind: Exit, Cause: "exit code 3", ExitCode: &code, LastOutput: []string{"panic: oh"}})
	c.set(-365 * 24 * time.Hour)
	c.pass(300 * time.Millisecond)
	r.RecordAction(Action{Program: "api", What: "restarted at once", Generation: 8})
	c.pass(700 * time.Millisecond)
	r.RecordRecovery(Recovery{Program: "api", Generation: 8})
	c.pass(99 * time.Second)
	flush(t, r)

	h := history(t, path, c)
	if len(h.Incidents) != 1 || h.Broken+h.Lost != 0 {
		t.Fatalf("%+v", h)
	}
	i := h.Incidents[0]
	if i.ID != id || i.Outcome != Recovered || i.Generation != 7 || i.RecoveredGeneration != 8 || *i.ExitCode != 3 || i.Restarts != 1 || i.Falls != 1 ||
		i.Service != "shop" || len(i.LastOutput) != 1 || i.Action != "restarted at once" {
		t.Errorf("%+v", i)
	}
	if i.ActedAfter != Millis(300*time.Millisecond) || i.RecoveredAfter != Millis(time.Second) || i.Down != Millis(time.Second) {
		t.Errorf("acted %v, recovered %v, down %v", i.ActedAfter.Duration(), i.RecoveredAfter.Duration(), i.Down.Duration())
	}
	if !i.Recovered.Before(i.Detected) {
		t.Error("the wall clock is to be shown as it was")
	}
	a := one(t, h, "api")
	if a.Wanted != Millis(200*time.Second) || a.Percent != 99.5 || a.Incidents != 1 || a.MeanRecovery != Millis(time.Second) || a.LastCause != "exit code 3" {
		t.Errorf("%+v", a)
	}
}

func TestCrashLoopIsOneIncident(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{Relapse: 10 * time.Second})
	r.RecordWanted("api", true, "start")
	for n := range 50 {
		r.RecordFall(Fall{Program: "api", Generation: n + 1, Kind: Exit, Cause: "exit code 1"})
		c.pass(time.Second)
		r.RecordAction(Action{Program: "api", What: "restarted", Generation: n + 2})
		r.RecordRecovery(Recovery{Program: "api", Generation: n + 2})
		c.pass(3 * time.Second)
	}
	c.pass(8 * time.Second) // stands for 11 s
	r.RecordFall(Fall{Program: "api", Generation: 51, Kind: Signal, Cause: "killed by SIGSEGV", Signal: "SIGSEGV"})
	flush(t, r)
	h := history(t, path, c)
	if len(h.Incidents) != 2 {
		t.Fatalf("%d incidents, want the loop and the fall after it", len(h.Incidents))
	}
	loop := h.Incidents[0]
	if loop.Falls != 50 || loop.Restarts != 50 || loop.Outcome != Recovered || loop.Down != Millis(50*time.Second) || loop.RecoveredAfter != Millis(197*time.Second) {
		t.Errorf("%+v", loop)
	}
	if open := r.OpenIncidents(); len(open) != 1 || open[0].Cause != "killed by SIGSEGV" {
		t.Errorf("%+v", open)
	}
}

// Hundreds of falls a second must not become hundreds of writes.
func TestCrashLoopIsWrittenOnceASecond(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	begin := time.Now()
	for n := range 5000 {
		r.RecordFall(Fall{Program: "api", Generation: n + 1, Kind: Exit, Cause: "exit code 1"})
		r.RecordRecovery(Recovery{Program: "api", Generation: n + 2})
	}
	flush(t, r)
	took := time.Since(begin)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(b), "\n"); lines > 25+2*int(took/time.Second) {
		t.Errorf("%d lines for a crash loop of %v", lines, took)
	}
	if h := history(t, path, c); len(h.Incidents) != 1 || h.Incidents[0].Falls != 5000 {
		t.Errorf("%d incidents", len(h.Incidents))
	}
}

func TestGaveUpStaysDownUntilItRunsAgain(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordWanted("api", true, "start")
	r.RecordWanted("worker", true, "start")
	c.pass(50 * time.Second)
	r.RecordFall(Fall{Program: "api", Kind: Exit, Cause: "exit code 64"})
	r.CloseIncident("api", GaveUp, "exitCodes says so")
	r.RecordFall(Fall{Program: "worker", Kind: Exit, Cause: "exit code 1"})
	c.pass(50 * time.Second)
	r.RecordWanted("worker", false, "stopped by the user") // its down time ends
	c.pass(100 * time.Second)
	flush(t, r)
	h := history(t, path, c)
	if a := one(t, h, "api"); a.Percent != 25 || a.Recovered != 0 {
		t.Errorf("%+v", a)
	}
	if a := one(t, h, "worker"); a.Percent != 50 || a.Wanted != Millis(100*time.Second) || h.Incidents[1].Outcome != Stopped {
		t.Errorf("%+v %+v", a, h.Incidents[1])
	}
	r.RecordRecovery(Recovery{Program: "api", Generation: 9})
	flush(t, r)
	if i := history(t, path, c).Incidents[0]; i.Outcome != GaveUp || i.Down != Millis(150*time.Second) || i.RecoveredGeneration != 9 || i.down() {
		t.Errorf("%+v", i)
	}
}

// A program taken out of the definition is neither down nor wanted from then on.
func TestSuperseded(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	for _, p := range []string{"down", "up"} {
		r.RecordWanted(p, true, "start")
	}
	r.RecordFall(Fall{Program: "down", Kind: Exit, Cause: "exit code 1"})
	c.pass(10 * time.Second)
	r.CloseIncident("down", Superseded, "no longer in the definition")
	r.CloseIncident("up", Superseded, "no longer in the definition")
	c.pass(10 * time.Second)
	closeRecorder(t, r)
	h := history(t, path, c)
	for _, a := range h.Report(h.SinceBoot()) {
		if a.Wanted != Millis(10*time.Second) || a.Program == "up" && a.Down != 0 {
			t.Errorf("%+v", a)
		}
	}
	if h.Incidents[0].Outcome != Superseded || len(h.Incidents) != 1 {
		t.Errorf("%+v", h.Incidents)
	}
	if _, found := open(t, path, c, Options{}); len(found.Wanted)+len(found.Open) != 0 {
		t.Errorf("%+v", found)
	}
}

func TestWhatMakesNoSenseIsIgnored(t *testing.T) {
	path, c := file(t), newHands()
	r, _ := open(t, path, c, Options{})
	r.RecordAction(Action{Program: "nobody"})
	r.RecordRecovery(Recovery{Program: "nobody"})
	r.CloseIncident("nobody", GaveUp, "")
	r.RecordWanted("", false, "nobody is known")
	flush(t, r)
	if h := history(t, path, c); len(h.Incidents) != 0 || len(h.Report(h.SinceBoot())) != 0 {
		t.Errorf("%+v", h)
	}
	var none *Recorder // where the file can't be read, supervision goes on without
	none.RecordFall(Fall{Program: "api"})
	none.RecordWanted("api", true, "")
	if none.Flush(t.Context()) != nil || none.Close(t.Context()) != nil || none.OpenIncidents() != nil || none.Health() != (Health{}) {
		t.Error("a nil recorder does something")
	}
	if r, _, err := Open(t.TempDir(), Options{}); err == nil || r != nil {
		t.Errorf("a folder as a record: %v", err)
	}
}
