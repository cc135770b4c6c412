package shipping

import (
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/join"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/observe/shipping/redact"
	"github.com/daruma-sh/daruma/internal/observe/shipping/tail"
)

// program is what is known of a program's lines between batches.
type program struct {
	joiner join.Joiner
	key    redact.Lines      // behind the last record
	cut    *logread.Position // where a record was ended before, see [place]
	last   time.Time         // when the last line was read,
	end    logread.Position  // and where it ended
}

func (s *sender) program(p *tail.Program) *program {
	one := s.programs[p]
	if one == nil {
		at := s.positions.places[key(p.Service, p.Program)]
		one = &program{joiner: join.Joiner{Rule: s.target.rule(p.Service, p.Program)}, cut: at.Cut, key: at.Key}
		s.programs[p] = one
	}
	return one
}

// take reads a turn of a program's lines; true: there may be more.
func (s *sender) take(p *tail.Program, now time.Time) bool {
	if _, cut := s.cuts[p]; cut {
		return false // what follows goes into the next batch: there is one place to keep where this one was cut
	}
	one := s.program(p)
	s.of = one
	took, more, r := false, true, &s.next // not a new one for each line
	for bytes := 0; bytes < turn && !s.full(); {
		if !p.Next(now, r) {
			more = false
			break
		}
		took = true
		bytes += len(r.Text) + 1
		one.last, one.end = now, p.Position()
		one.joiner.Add(r, s.add)
		if one.reaches(one.end) {
			one.joiner.Flush(s.add)
		}
	}
	if took {
		s.ends[p] = one.end
		if held, ok := one.joiner.Holding(); ok {
			s.ends[p] = held.At
		}
	}
	if !more {
		s.endHeld(p, one, now)
	}
	return more
}

// add puts a record of the program whose turn it is into the batch.
func (s *sender) add(r *record.Record) {
	r.Text = s.of.key.Apply(s.target.Redact, r.Text)
	s.counts.waits(r)
	s.batch.Add(r, s.format.encode)
}

// reaches tells whether a record was ended here before.
func (one *program) reaches(at logread.Position) bool {
	c := one.cut
	if c == nil || at.Seq < c.Seq || at.Seq == c.Seq && at.Offset < c.Offset {
		return false
	}
	one.cut = nil
	return true
}

// endHeld ends the record to which more may belong where nothing has come for a while.
func (s *sender) endHeld(p *tail.Program, one *program, now time.Time) {
	if _, ok := one.joiner.Holding(); !ok || now.Sub(one.last) < joinWait {
		return
	}
	one.joiner.Flush(s.add)
	s.ends[p], s.cuts[p] = one.end, one.end
}

// keepCuts keeps where records were ended, before they are sent.
func (s *sender) keepCuts() {
	changed := false
	for p, at := range s.cuts {
		here := s.positions.places[key(p.Service, p.Program)]
		if here.Cut == nil || *here.Cut != at {
			here.Cut, changed = &at, true
			s.positions.places[key(p.Service, p.Program)] = here
		}
	}
	if changed {
		s.save()
	}
}
