// Package join puts lines together that belong to one message: a stack trace, or what follows the line in which a message begins.
//
// Which lines those are depends on the lines alone, so that whoever reads them again gets the same records. That nothing more comes for a while is
// no property of the lines: whoever calls [Joiner.Flush] for it has to remember where it did.
package join

import (
	"regexp"

	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// MaxLines and MaxBytes bound a record: what goes on after them is another one.
const (
	MaxLines = 1000
	MaxBytes = 256 << 10
)

// Rule says which lines belong together.
type Rule interface {
	// begin tells whether lines may follow that belong to this one, and what is known then.
	begin(line []byte) (state, bool)
	// goesOn tells whether a line belongs to those before it, and what is known then.
	goesOn(s state, line []byte) (state, bool)
}

// state is what a rule knows of the lines so far.
type state struct {
	kind int // of the trace
	at   int // where in it
}

// Start is the rule that a record begins with a line that the pattern matches, and all others go on.
func Start(pattern *regexp.Regexp) Rule { return start{pattern} }

type start struct{ pattern *regexp.Regexp }

func (start) begin([]byte) (state, bool)                  { return state{}, true }
func (r start) goesOn(_ state, line []byte) (state, bool) { return state{}, !r.pattern.Match(line) }

// Joiner puts together the lines of one program. It is used by one goroutine.
type Joiner struct {
	Rule Rule // nil: each line is a record

	held  record.Record // Lines 0: nothing
	state state
	text  []byte // of held
}

// Add takes the next line, and calls done with each record that is over; a record is valid until done returns.
func (j *Joiner) Add(r *record.Record, done func(*record.Record)) {
	if j.Rule == nil {
		done(r)
		return
	}
	if j.held.Lines > 0 {
		if next, ok := j.Rule.goesOn(j.state, r.Text); ok && j.fits(r) {
			j.state = next
			j.text = append(append(j.text, '\n'), r.Text...)
			j.held.Lines++
			j.held.Partial = r.Partial
			return
		}
		j.Flush(done)
	}
	next, ok := j.Rule.begin(r.Text)
	if !ok {
		done(r)
		return
	}
	j.held, j.state, j.text = *r, next, append(j.text[:0], r.Text...)
}

// fits tells whether the line can go on with what is held, whatever is in it.
func (j *Joiner) fits(r *record.Record) bool {
	h := &j.held
	return !h.Partial && h.Generation == r.Generation && h.Stream == r.Stream && h.Lines < MaxLines && len(j.text)+len(r.Text) < MaxBytes
}

// Flush calls done with what is held, without knowing whether more belongs to it.
func (j *Joiner) Flush(done func(*record.Record)) {
	if j.held.Lines == 0 {
		return
	}
	j.held.Text = j.text
	done(&j.held)
	j.held = record.Record{}
	if cap(j.text) > 64<<10 {
		j.text = nil
	}
}

// Holding gives where the record begins to which more may belong; false: there is none.
func (j *Joiner) Holding() (*record.Record, bool) { return &j.held, j.held.Lines > 0 }
