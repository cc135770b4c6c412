package observe

import (
	"maps"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// settled is how long after a recovery an incident is over: one that falls again sooner goes on with it (incident.Options.Relapse).
const settled = 15 * time.Second

// buckets is how many [RecoveryBuckets] there are.
const buckets = 14

// RecoveryBuckets gives the upper bounds of the histogram of recovery times, in seconds: daruma restarts within milliseconds, people within
// half an hour.
func RecoveryBuckets() [buckets]float64 {
	return [...]float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
}

// Falls is what the incident record says of one program, or of the service itself.
type Falls struct {
	Incidents map[incident.Kind]int64 `json:"incidents"` // by the kind of the first fall
	Recovery  Recoveries              `json:"recovery"`  // of the incidents that are over
	Recorded  bool                    `json:"-"`         // that the record says when it was wanted, and when it was down
	Wanted    time.Duration           `json:"-"`         // since the machine's boot, as far as the record goes
	Down      time.Duration           `json:"-"`         // of it
}

// Recoveries is a histogram of how long it took from a fall until the program stood again.
type Recoveries struct {
	In      [buckets]uint64 `json:"in"` // not cumulative
	Count   uint64          `json:"count"`
	Seconds float64         `json:"seconds"`
}

func (r *Recoveries) add(took time.Duration) {
	r.Count++
	r.Seconds += took.Seconds()
	bounds := RecoveryBuckets()
	if i, _ := slices.BinarySearch(bounds[:], took.Seconds()); i < len(r.In) {
		r.In[i]++
	}
}

// falls is what is kept of a service's incident record. The record forgets old incidents; what was counted stays counted.
type falls struct {
	Programs map[string]*Falls `json:"programs"` // "": the service itself
	// Counted are the incidents of the record that were counted, by ID; true: their recovery, too.
	Counted map[string]bool `json:"counted"`

	seq    uint64    // of the status after which the record was read
	since  time.Time // of that status' supervisor
	readAt time.Time
	again  bool            // it is to be read again: something is under way
	down   map[string]bool // programs that were down
}

// due says whether the record may say more than when it was read.
func (f *falls) due(st *control.Status) bool {
	return f.readAt.IsZero() || f.again || f.seq != st.EventSeq || !f.since.Equal(st.SupervisorSince)
}

// take counts what a record says that is new. An event may come a moment before its line of the record: after each change it is read once more.
func (f *falls) take(h *incident.History, st *control.Status, now time.Time) {
	changed := f.seq != st.EventSeq || !f.since.Equal(st.SupervisorSince)
	f.seq, f.since, f.readAt, f.again = st.EventSeq, st.SupervisorSince, now, changed
	if f.Programs == nil {
		f.Programs = map[string]*Falls{}
	}
	counted := make(map[string]bool, len(h.Incidents))
	f.down = map[string]bool{}
	for i := range h.Incidents {
		f.count(&h.Incidents[i], counted, now)
	}
	f.Counted = counted
	for _, a := range h.Report(h.SinceBoot()) {
		p := entry(f.Programs, a.Program)
		p.Recorded, p.Wanted, p.Down = true, a.Wanted.Duration(), a.Down.Duration()
	}
}

func (f *falls) count(i *incident.Incident, counted map[string]bool, now time.Time) {
	p := entry(f.Programs, i.Program)
	if p.Incidents == nil {
		p.Incidents = map[incident.Kind]int64{}
	}
	recovery, known := f.Counted[i.ID]
	if !known {
		p.Incidents[i.Kind]++
	}
	if i.DownSince > 0 {
		f.down[i.Program] = true
	}
	if !recovery && i.Recovered != nil && i.Outcome == incident.Recovered {
		if recovery = now.Sub(*i.Recovered) > settled; recovery {
			p.Recovery.add(i.RecoveredAfter.Duration())
		} else {
			f.again = true
		}
	}
	counted[i.ID] = recovery
}

// at gives what the record says, with the time since it was read: whoever was down still is, or the record would have been read again.
func (f *falls) at(st *control.Status, now time.Time) map[string]Falls {
	all := make(map[string]Falls, len(f.Programs))
	for name, p := range f.Programs {
		q := *p
		q.Incidents = maps.Clone(p.Incidents) // the next look counts on, while this is being read
		all[name] = q
	}
	for i := range st.Programs {
		p, there := all[st.Programs[i].Name]
		if !there || !p.Recorded {
			continue
		}
		if st.Programs[i].Wanted {
			p.Wanted += now.Sub(f.readAt)
			if f.down[st.Programs[i].Name] {
				p.Down += now.Sub(f.readAt)
			}
		}
		all[st.Programs[i].Name] = p
	}
	return all
}
