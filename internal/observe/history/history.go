package history

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
)

// maxName bounds a name of a service or program that is remembered, in bytes; the definition allows fewer.
const maxName = 200

// maxServices bounds of how many services something is remembered.
const maxServices = 5000

// name is a program of a service; without a program the service itself.
type name struct{ service, program string }

func (n name) fits() bool { return len(n.service) <= maxName && len(n.program) <= maxName }

// History remembers what was seen. Make one with [Open]; its methods may be called from any goroutine.
type History struct {
	folder string
	clock  clock
	failed func(error)

	mu       sync.Mutex
	services map[string]*service
	rings    map[name]*ring
	last     mark            // the present on the time line of the samples, as it was known last
	dirty    map[string]bool // dates of which the files are to be written

	// Of the goroutine of Run alone.
	files  sampleFiles
	unkept bool // writing failed the last time
}

// service is what is remembered of one service.
type service struct {
	days  map[string]*part // by date
	hours map[int64]*part  // since 1970

	falls    []fall        // of its record, by their beginning
	begins   time.Duration // where the record begins, by the monotonic clock
	recorded time.Duration // up to when the record was reckoned; likewise
	answered time.Duration // when it answered last; likewise
	seen     bool          // at the last look
	programs []string      // in the definition's order
	wanted   map[string]bool
	down     map[string]bool // by an incident
}

// Open reads what the observers before this one have kept in the folder, which is made where it isn't there; "": nothing is kept. failed hears of
// what can't be read, and later, from [History.Run], of what can't be written: once, and nil when it can be again.
func Open(folder string, failed func(error)) *History { return open(folder, failed, systemClock()) }

// OpenReadOnly reads what an observer has kept in the folder, as far as this user may, and keeps nothing itself: for a process beside it.
func OpenReadOnly(folder string) *History { return openReadOnly(folder, systemClock()) }

func openReadOnly(folder string, c clock) *History {
	h := open("", nil, c)
	if folder != "" {
		h.folder = folder
		_ = h.read() // what may not be read isn't shown
		h.folder = ""
	}
	return h
}

func open(folder string, failed func(error), c clock) *History {
	h := &History{folder: folder, clock: c, failed: failed, services: map[string]*service{}, rings: map[name]*ring{}, dirty: map[string]bool{}}
	h.last = mark{T: max(c.wall().UnixMilli(), 0), At: c.wall(), Boot: c.boot, Mono: c.mono()}
	if folder == "" {
		return h
	}
	h.files.folder = folder
	if err := os.MkdirAll(folder, 0o700); err != nil {
		failed(fmt.Errorf("nothing is kept of what the dashboard shows: %w", err))
		h.folder, h.files.folder = "", ""
		return h
	}
	err := h.read()
	if err != nil {
		failed(fmt.Errorf("not all that was kept for the dashboard can be read: %w", err))
	}
	return h
}

// read takes in what is kept.
func (h *History) read() error {
	last, err := readSamples(h.folder, func(l *line) {
		minute := l.T / time.Minute.Milliseconds()
		for i, of := range l.names {
			if r := h.ring(of, minute); r != nil {
				r.put(minute, l.samples[i])
			}
		}
	})
	if last.T > 0 {
		h.last = last
	}
	h.forgetRings(h.minute())
	return errors.Join(err, readDays(h.folder, func(service, date string, p *part) {
		if s := h.service(service); s != nil {
			s.days[date] = p
		}
	}))
}

// service gives what is remembered of a service, or nil where there are too many.
func (h *History) service(of string) *service {
	s := h.services[of]
	if s == nil && len(h.services) < maxServices && len(of) <= maxName {
		s = &service{days: map[string]*part{}, hours: map[int64]*part{}, down: map[string]bool{}, wanted: map[string]bool{}}
		h.services[of] = s
	}
	return s
}

// TakeRecord takes in a record that was read, see [observe.Observer.OnRecord].
func (h *History) TakeRecord(seen *observe.Seen, record *incident.History) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.service(seen.Service)
	if s == nil {
		return
	}
	now, wall := h.clock.mono(), h.clock.wall()
	for _, day := range reckon(record, s.days, lastDays(wall), date) {
		h.dirty[date(day)] = true
	}
	reckon(record, s.hours, lastHours(wall), hour)
	_, to, _ := record.Extent()
	s.takeFalls(record, now, to)
	s.recorded = now
	s.take(seen, now)
}

// take takes in what was seen of a service that answered.
func (s *service) take(seen *observe.Seen, now time.Duration) {
	s.seen, s.answered = true, now
	programs := seen.Status.Programs[:min(len(seen.Status.Programs), MaxPrograms)]
	s.programs = s.programs[:0]
	clear(s.wanted)
	for i := range programs {
		s.programs = append(s.programs, programs[i].Name)
		if programs[i].Wanted {
			s.wanted[programs[i].Name] = true
		}
	}
}

// takeSeen takes in a look, and gives the samples to be written.
func (h *History) takeSeen(seen []observe.Seen) *line {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.mono()
	for _, s := range h.services {
		s.seen = false
	}
	for i := range seen {
		s := h.service(seen[i].Service)
		if s == nil {
			continue
		}
		if s.seen = true; seen[i].Err == nil {
			s.take(&seen[i], now)
		}
	}
	return h.takeUsage(seen)
}

// changedDays gives the days whose files are to be written. They are whole copies: what is written isn't what others change meanwhile.
func (h *History) changedDays() map[string]dayFile {
	h.mu.Lock()
	defer h.mu.Unlock()
	days := make(map[string]dayFile, len(h.dirty))
	for date := range h.dirty {
		day := dayFile{}
		for service, s := range h.services {
			if p := s.days[date]; p != nil {
				same := *p
				same.Of = maps.Clone(p.Of)
				day[service] = &same
			}
		}
		days[date] = day
	}
	clear(h.dirty)
	return days
}

// again has days written that couldn't be.
func (h *History) again(dates []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, date := range dates {
		h.dirty[date] = true
	}
}

// writeDays writes what has changed.
func (h *History) writeDays() error {
	if h.folder == "" {
		return nil
	}
	var failed error
	changed := h.changedDays()
	for _, date := range slices.Sorted(maps.Keys(changed)) {
		if err := writeDay(h.folder, date, changed[date]); err != nil {
			failed = errors.Join(failed, err)
			h.again([]string{date})
		}
	}
	if len(changed) > 0 {
		removeDays(h.folder)
	}
	return failed
}

// Folder gives where a history is kept in an observer's own folder; "" for "".
func Folder(own string) string {
	if own == "" {
		return ""
	}
	return filepath.Join(own, "history")
}
