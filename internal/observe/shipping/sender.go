package shipping

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/otlp"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/observe/shipping/tail"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

const (
	// lookEvery is how often the logs are looked at while nothing is written to them.
	lookEvery = time.Second
	// searchEvery is how often services and programs are searched for.
	searchEvery = 2 * time.Second
	// joinWait is how long more lines of a record are waited for.
	joinWait = time.Second
	// keepEvery is how often the positions are kept while records arrive, each time with an fsync: after every batch that would be a quarter of
	// the work. What arrived since then is sent again after a kill, and after nothing else.
	keepEvery = 200 * time.Millisecond
	// turn is how many bytes of one program's log are taken before it is another one's turn.
	turn = 64 << 10
)

// sender ships to one target. [sender.run] is its only goroutine.
type sender struct {
	target    Target
	format    format
	receiver  *receiver.Receiver
	tail      *tail.Tail
	positions *positions
	say       func(line string)
	pause     func(context.Context, time.Duration)

	next     record.Record // that is read
	of       *program      // whose it is
	batch    record.Batch
	most     int64 // bytes that the batch may have where that is more than the target's maxBatch, since it is refused,
	filled   int64 // and what it had when it was full for the first time
	programs map[*tail.Program]*program
	ends     map[*tail.Program]logread.Position // where the records of the batch end
	cuts     map[*tail.Program]logread.Position // where the last record of the batch was ended because nothing more came
	first    int                                // the program whose turn is first
	body     []byte
	trouble  trouble
	warned   *otlp.PartialError // the last one that was said
	keptAt   time.Time
	begun    bool // see [sender.look]
	stale    bool // the kept positions are behind those in memory
	counts   counts
	unkept   bool // they couldn't be kept
}

func (s *sender) from(service, program string) (logread.Position, bool) {
	at, ok := s.positions.places[key(service, program)]
	return at.Position, ok
}

// run ships until ctx ends.
func (s *sender) run(ctx context.Context) {
	defer s.receiver.Close()
	defer s.tail.Close()
	defer s.keep()
	s.look(time.Now()) // also where it ends at once
	for ctx.Err() == nil {
		now := time.Now()
		s.look(now)
		full := s.fill(now)
		if len(s.batch.Items) > 0 && !s.deliver(ctx) {
			return
		}
		if !full {
			s.rest(ctx)
		}
	}
}

// look searches for programs. Where a new target begins is kept, so that it is no new one the next time: for services whose folders can't be
// read yet, that it begins at the end of what is there then.
func (s *sender) look(now time.Time) {
	s.tail.Look(now)
	if !s.target.AtEnd || !s.tail.Listed() {
		return
	}
	first, late := !s.begun && !s.positions.known, s.tail.Late()
	changed := first
	for _, p := range s.tail.Programs() {
		at := key(p.Service, p.Program)
		if _, known := s.positions.places[at]; !known && (first || s.isLate(p.Service)) {
			s.positions.places[at] = place{Position: p.Position()}
			changed = true
		}
	}
	for at := range s.positions.places {
		if service, ok := strings.CutSuffix(at, "/"); ok && !slices.Contains(late, service) {
			delete(s.positions.places, at)
			changed = true
		}
	}
	for _, service := range late {
		if !s.isLate(service) {
			s.positions.places[key(service, "")] = place{}
			changed = true
		}
	}
	if s.begun = true; changed {
		s.save()
	}
}

// isLate tells whether the service was there when the target was new, and its folder couldn't be read.
func (s *sender) isLate(service string) bool {
	_, late := s.positions.places[key(service, "")]
	return late
}

// fill reads what there is into the batch, the programs in turns; true: it is full, and there may be more.
func (s *sender) fill(now time.Time) bool {
	programs := s.tail.Programs()
	for more := true; more; {
		more = false
		for range programs {
			p := programs[s.first%len(programs)]
			s.first = (s.first + 1) % len(programs)
			if s.take(p, now) {
				more = true
			}
			if s.full() {
				return true
			}
		}
	}
	return false
}

func (s *sender) full() bool { return int64(len(s.batch.Raw)) >= max(s.target.MaxBatch, s.most) }

// arrived notes that the batch needs not be sent again.
func (s *sender) arrived() {
	for p, end := range s.ends {
		one := s.program(p)
		s.positions.places[key(p.Service, p.Program)] = place{Position: end, Cut: one.cut, Key: one.key} // a cut that is still ahead counts
	}
	clear(s.ends)
	clear(s.cuts)
	if s.stale = true; time.Since(s.keptAt) >= keepEvery {
		s.save()
	}
	s.counts.oldest.Store(0)
	s.most, s.filled = 0, 0
	s.batch.Reset(2 * int(s.target.MaxBatch))
}

// keep writes the positions where they aren't written yet.
func (s *sender) keep() {
	if s.stale {
		s.save()
	}
}

// save writes the positions, and says when that begins to fail and when it is over.
func (s *sender) save() {
	err := s.positions.save()
	s.keptAt, s.stale = time.Now(), err != nil
	if (err != nil) == s.unkept {
		return
	}
	if s.unkept = err != nil; s.unkept {
		s.say("how far it has come can't be kept, and the next observer would ship lines again: " + plaintext.Line(err.Error()))
		return
	}
	s.say("how far it has come is kept again")
}

// rest waits until it is time to look again, without the memory that it takes to send.
func (s *sender) rest(ctx context.Context) {
	s.keep()
	s.batch, s.body, s.next = record.Batch{}, nil, record.Record{}
	s.receiver.Rest()
	s.pause(ctx, lookEvery)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
