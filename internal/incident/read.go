package incident

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxLine bounds a line that is read; the longest we write has some 15 KiB.
const maxLine = 1 << 20

// History is a record that was read.
type History struct {
	Incidents []Incident // by the time they began to be recorded
	Lost      int        // lines that could not be written in time
	Broken    int        // lines that could not be read
	Since     time.Time  // wall clock where the record begins (since the last compaction); zero for an empty one
	Observed  time.Time  // wall clock up to which something is known: now, or when daruma was last known to run

	torn       bool   // the file doesn't end with a newline
	whole      int64  // bytes up to the last newline
	cut        Millis // where the record begins on the time line
	end        Millis // the time line's Observed
	seq        uint64 // of the last line
	upTo       uint64 // the highest number given before a compaction, whose lines may be gone
	last       moment // the latest moment that is known
	boots      []line // one for each time a recorder was opened
	marks      []line // wanted and unwanted
	totals     map[string]totals
	totalsBoot string
	index      map[string]int // of Incidents, by ID
	seqs       []uint64       // of the last line of each incident
}

// maxRecord bounds a record that is read for somebody else than its recorder, in bytes. A recorder keeps to 2 MiB and some.
const maxRecord = 32 << 20

// Read reads the record at path; a file that doesn't exist is an empty one. It may be written to meanwhile.
// What can't be read is passed over and counted. A file of more than 32 MiB isn't a record: the service's account may have made it, to
// keep an administrator's command busy.
func Read(path string) (*History, error) {
	return readAtMost(path, systemClock(), maxRecord)
}

// ReadFrom reads a record that a running supervisor gives: all of it is known up to now.
func ReadFrom(r io.Reader) (*History, error) {
	h, c := newHistory(), systemClock()
	if err := h.fold(r); err != nil {
		return nil, fmt.Errorf("reading the incidents: %w", err)
	}
	if len(h.boots) > 0 && h.last.Boot == c.boot {
		h.observe(&moment{T: h.last.after(c), At: c.wall(), Boot: c.boot, Mono: Millis(c.mono())})
	}
	h.setEnd(c)
	return h, nil
}

func read(path string, c *clock) (*History, error) { return readAtMost(path, c, math.MaxInt64) }

func readAtMost(path string, c *clock, limit int64) (*History, error) {
	h := newHistory()
	f, err := safefile.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return h, nil
	case err != nil:
		return nil, fmt.Errorf("reading the incidents: %w", err)
	}
	defer f.Close()
	bounded := &io.LimitedReader{R: f, N: limit}
	if err := h.fold(bounded); err != nil {
		return nil, fmt.Errorf("reading the incidents in %s: %w", path, err)
	}
	if bounded.N <= 0 {
		return nil, fmt.Errorf("reading the incidents: %s is longer than %d MiB, which no record of daruma's is; look at it, and move it away", path, limit>>20)
	}
	h.observe(readAlive(path))
	h.setEnd(c)
	return h, nil
}

func newHistory() *History {
	return &History{totals: map[string]totals{}, index: map[string]int{}}
}

// fold reads all lines of r.
func (h *History) fold(r io.Reader) error {
	reader := bufio.NewReaderSize(r, 16<<10)
	var long []byte // a line longer than the buffer, as far as it is worth keeping
	var begun int64 // its length
	for {
		piece, err := reader.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(long) <= maxLine {
				long = append(long, piece...)
			}
			begun += int64(len(piece))
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		text := piece
		if len(long) > 0 {
			text = append(long, piece...)
		}
		if err != nil { // no newline at the end: torn, or being written at this moment
			h.torn = len(text) > 0
			return nil
		}
		h.whole += begun + int64(len(piece))
		h.add(text)
		long, begun = long[:0], 0
	}
}

// add takes in one line.
func (h *History) add(text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return
	}
	var l line
	if len(text) > maxLine || json.Unmarshal(text, &l) != nil || !l.valid() {
		h.Broken++
		return
	}
	if l.Seq != 0 {
		if l.Seq <= h.seq {
			return // written twice: the first writing could not be confirmed
		}
		h.seq = l.Seq
	}
	if h.Since.IsZero() {
		h.Since, h.cut = l.At, l.T
	}
	h.observe(&moment{T: l.T, At: l.At, Boot: h.last.Boot, Mono: later(h.last.Mono, l.T-h.last.T)})
	switch l.Type {
	case lineBoot:
		h.boots = append(h.boots, l)
		since := later(0, h.last.T-l.T) // after a compaction the cut, which comes first, may be later
		h.last = moment{T: later(l.T, since), At: l.At.Add(since.Duration()), Boot: l.Boot, Mono: later(l.Mono, since)}
	case lineWanted, lineUnwanted:
		h.marks = append(h.marks, l)
	case lineLost:
		h.Lost += l.Lost
	case lineCut:
		h.Since, h.cut, h.upTo = l.At, l.T, l.UpTo
		h.Lost += l.Lost
	case lineTotals:
		h.totals[l.Program], h.totalsBoot = *l.Totals, l.Boot
	default:
		h.put(l)
	}
}

// valid tells whether a line makes sense on its own: a damaged file may hold anything.
func (l *line) valid() bool {
	if l.T <= 0 {
		return false
	}
	switch l.Type {
	case lineBoot, lineLost, lineCut:
		return l.Lost >= 0
	case lineWanted, lineUnwanted:
		return l.Program != ""
	case lineTotals:
		t := l.Totals
		return l.Program != "" && t != nil && min(t.Wanted, t.Down, t.RecoverSum, t.Worst) >= 0 && min(t.Incidents, t.Falls, t.Recovered) >= 0
	case lineBegin, lineFell, lineActed, lineRecovered, lineClosed:
		i := l.Incident
		return i != nil && i.ID != "" && i.From > 0 && i.Down >= 0 && i.DownSince >= 0 && i.Until >= 0 && (i.Until > 0) != (i.DownSince > 0)
	}
	return false
}

// put takes in an incident as a line shows it.
func (h *History) put(l line) {
	at, known := h.index[l.Incident.ID]
	if !known {
		h.index[l.Incident.ID] = len(h.Incidents)
		h.Incidents, h.seqs = append(h.Incidents, *l.Incident), append(h.seqs, l.Seq)
		return
	}
	said := h.Incidents[at].LastOutput
	h.Incidents[at], h.seqs[at] = *l.Incident, l.Seq
	if len(l.Incident.LastOutput) == 0 {
		h.Incidents[at].LastOutput = said
	}
}

// highest gives the highest number that was ever given.
func (h *History) highest() uint64 { return max(h.seq, h.upTo) }

// observe keeps the latest moment that is known.
func (h *History) observe(m *moment) {
	if m != nil && m.T >= h.last.T {
		h.last = *m
	}
}

// setEnd finds out up to when something is known. A recorder that lives notes it twice a minute.
func (h *History) setEnd(c *clock) {
	h.end, h.Observed = h.last.T, h.last.At
	if len(h.boots) == 0 {
		return
	}
	if t := h.last.after(c); h.last.Boot == c.boot && t-h.last.T <= Millis(aliveStale) {
		h.end, h.Observed = t, c.wall()
	}
}

// marksAt gives for each program the line that says whether it is wanted at t.
func (h *History) marksAt(t Millis) map[string]line {
	latest := map[string]line{}
	for _, m := range h.marks {
		if m.T <= t {
			latest[m.Program] = m
		}
	}
	return latest
}
