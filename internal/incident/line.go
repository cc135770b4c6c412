package incident

import (
	"encoding/json"
	"time"
)

// lineType is what a line of the file records.
type lineType string

const (
	lineBoot      lineType = "boot"      // a recorder was opened
	lineBegin     lineType = "begin"     // an incident began
	lineFell      lineType = "fell"      // another fall within the incident
	lineActed     lineType = "acted"     // an action
	lineRecovered lineType = "recovered" // the program is up again
	lineClosed    lineType = "closed"    // the incident ended in another way
	lineWanted    lineType = "wanted"    // from here on the program is to run
	lineUnwanted  lineType = "unwanted"
	lineLost      lineType = "lost"   // lines could not be kept
	lineTotals    lineType = "totals" // what compaction dropped, per program
	lineCut       lineType = "cut"    // where the record begins since a compaction
)

// line is one line of the file. Each carries all it tells: none depends on another.
type line struct {
	Seq  uint64    `json:"seq"` // from 1, always rising; 0 in the lines that a compaction begins a file with
	T    Millis    `json:"t"`   // on the record's own time line, which begins at 1 ms and never goes back
	At   time.Time `json:"at"`  // by the wall clock, whatever it showed
	Type lineType  `json:"type"`

	Incident *Incident `json:"incident,omitempty"`
	Program  string    `json:"program,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Boot     string    `json:"boot,omitempty"`     // boot, totals: name of the machine's boot
	Mono     Millis    `json:"monoMs,omitempty"`   // boot: the machine's monotonic clock then
	Machine  Millis    `json:"machineT,omitempty"` // boot: place of the machine's boot on the time line, where a recorder knew of an earlier one
	Start    Start     `json:"start,omitempty"`
	Lost     int       `json:"lost,omitempty"` // lost: lines
	UpTo     uint64    `json:"upTo,omitempty"` // cut: the highest number given so far
	Totals   *totals   `json:"totals,omitempty"`
}

// totals is what is known of a program's dropped incidents and of its wanted time before the cut, since the machine's boot.
type totals struct {
	Wanted     Millis `json:"wantedMs"`
	Down       Millis `json:"downMs"`
	Incidents  int    `json:"incidents"`
	Falls      int    `json:"falls"`
	Recovered  int    `json:"recovered"`
	RecoverSum Millis `json:"recoverSumMs"`
	Worst      Millis `json:"worstMs"`
}

// bytes gives the line as it stands in the file.
func (l line) bytes() []byte {
	b, err := json.Marshal(l)
	if err != nil {
		// Only a wall clock beyond the year 9999 can do this; the rest of the line is worth keeping.
		l.At = clockSet
		if l.Incident != nil {
			i := *l.Incident
			i.Detected, i.Acted, i.Recovered = clockSet, nil, nil
			l.Incident = &i
		}
		if b, err = json.Marshal(l); err != nil {
			return nil
		}
	}
	return append(b, '\n')
}
