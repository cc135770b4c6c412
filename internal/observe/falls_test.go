package observe

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// The record's incidents are counted once each, recoveries when they have lasted, and the time down grows while nobody reads.
func TestFalls(t *testing.T) {
	path := filepath.Join(t.TempDir(), "incidents.jsonl")
	rec, _, err := incident.Open(path, incident.Options{Service: "shop", Start: incident.ServiceStarted, Relapse: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close(t.Context())
	st := control.Status{Programs: []control.ProgramStatus{{Name: "api", Wanted: true}, {Name: "job"}}}
	f := &falls{}
	read := func(f *falls, now time.Time) map[string]Falls {
		t.Helper()
		if err := rec.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		h, err := incident.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		f.take(h, &st, now)
		return f.at(&st, now)
	}
	rec.RecordWanted("api", true, "start of the service")
	for range 3 {
		rec.RecordFall(incident.Fall{Program: "api", Kind: incident.Signal, Cause: "killed by SIGKILL"})
		rec.RecordRecovery(incident.Recovery{Program: "api"})
	}
	now := time.Now()
	if got := read(f, now)["api"]; got.Incidents[incident.Signal] != 3 || got.Recovery.Count != 0 || !got.Recorded {
		t.Errorf("at once: %+v", got)
	}
	if !f.due(&st) {
		t.Error("recoveries that may not last are under way, and the record isn't read again")
	}
	for range 2 { // a second reading counts nothing twice
		if got := read(f, now.Add(time.Minute))["api"]; got.Incidents[incident.Signal] != 3 || got.Recovery.Count != 3 {
			t.Errorf("after a minute: %+v", got)
		}
	}
	if f.due(&st) {
		t.Error("nothing happened, and the record is read again")
	}
	if st.EventSeq++; !f.due(&st) {
		t.Error("an event isn't noticed")
	}
	rec.RecordFall(incident.Fall{Program: "api", Kind: incident.Exit, Cause: "exit code 1"})
	got := read(f, now)["api"]
	later := f.at(&st, now.Add(time.Hour))["api"]
	if got.Incidents[incident.Exit] != 1 || later.Down-got.Down != time.Hour || later.Wanted-got.Wanted != time.Hour {
		t.Errorf("down: %+v, an hour later %+v", got, later)
	}
	if job, there := f.at(&st, now)["job"]; there {
		t.Errorf("of a program that nothing is recorded of: %+v", job)
	}
	if !f.due(&st) {
		t.Error("the event's line may have come later than the event")
	}
}

func TestRecoveryBuckets(t *testing.T) {
	var r Recoveries
	for _, took := range []time.Duration{0, 10 * time.Millisecond, 11 * time.Millisecond, time.Hour} {
		r.add(took)
	}
	if r.In[0] != 2 || r.In[1] != 1 || r.Count != 4 || r.Seconds != 3600.021 {
		t.Errorf("%+v", r)
	}
}

// Whoever wants to hear of records hears of each once, and again after something happened; of one that can't be read nobody hears.
func TestOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		record := `{"seq":1,"t":1,"at":"2026-11-22T03:00:00Z","type":"begin","incident":{"id":"1","program":"api","kind":"exit","cause":"exit code 1","falls":1,"outcome":"open","fromT":1,"downSinceT":1}}` + "\n"
		seq := uint64(1)
		o := newObserver("", nil, names("shop"), func(string) (client, error) {
			return answering{
				status: func(context.Context) (control.Status, error) { return control.Status{EventSeq: seq}, nil },
				record: func() []byte { return []byte(record) },
			}, nil
		})
		heard := 0
		o.OnRecord(func(seen *Seen, h *incident.History) {
			if heard++; seen.Service != "shop" || seen.Status.EventSeq != seq || len(h.Incidents) != 1 {
				t.Errorf("%+v: %+v", seen, h)
			}
		})
		look := func() int {
			time.Sleep(freshFor)
			if _, err := o.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			return heard
		}
		look() // it is read once more after a change, for an event may come before its line
		first := look()
		if first == 0 || look() != first {
			t.Errorf("heard %d times, then %d", first, heard)
		}
		if seq++; look() != first+1 {
			t.Errorf("after an event heard %d times, before %d", heard, first)
		}
	})
}
