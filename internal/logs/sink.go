package logs

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daruma-sh/daruma/internal/charset"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// Sink is where one program's output goes. Its methods may be called from any goroutine.
type Sink struct {
	store *Store
	name  string
	quit  chan struct{} // closed by Close

	captured, lost atomic.Int64
	failing        atomic.Pointer[error]

	mu      sync.Mutex // held during a turn: one goroutine at a time writes
	file    *logfile.Current
	copiers []*Copier // in the order of Attach
	outage  outage
	commits *commitFile  // json only
	journal *copyJournal // nil: not opened yet
	closed  bool

	next      *logfile.Settings // another format's, which wait until the runs up to nextAfter are drained; nil: none
	nextAfter int

	encoding string           // of the settings
	decoder  *charset.Decoder // of the program's output, for json; nil: it is UTF-8
}

// Stats is what a sink has done since it was opened.
type Stats struct {
	Captured int64 // bytes taken from the pipes and written
	Lost     int64 // bytes discarded because they couldn't be written
	Err      error // why writing fails now; nil where it works
}

// retryEvery is how often writing is tried again while it fails.
const retryEvery = 100 * time.Millisecond

// outage is a time in which writing to the log fails.
type outage struct {
	err       error
	next      time.Time // not tried before
	losing    bool
	since     time.Time // of the first discarded byte
	lostSoFar int64
}

func newSink(s *Store, name string, settings logfile.Settings, h *logfile.History) *Sink {
	k := &Sink{store: s, name: name, quit: make(chan struct{})}
	k.file = logfile.NewCurrent(s.opts.Dir, name, settings, h, s.zip, func(err error) {
		s.emit(Event{Program: name, Kind: Notice, Err: err})
	})
	k.setEncoding(settings.Encoding)
	return k
}

// configure takes new settings over. Another format begins a new file with the next byte, but not before the runs of the old one are
// drained: what a spool of theirs holds is of that format.
func (k *Sink) configure(settings logfile.Settings) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = nil
	if settings.Format != k.file.Settings().Format && len(k.copiers) > 0 {
		k.next, k.nextAfter = &settings, k.newest()
		return
	}
	k.take(settings)
}

// takeNext takes settings that waited for runs of the old format, once those are drained.
func (k *Sink) takeNext() {
	if k.next == nil {
		return
	}
	for _, c := range k.copiers {
		if c.generation <= k.nextAfter {
			return
		}
	}
	settings := *k.next
	k.next = nil
	k.take(settings)
}

// newest is the highest run whose output is copied.
func (k *Sink) newest() int {
	newest := 0
	for _, c := range k.copiers {
		newest = max(newest, c.generation)
	}
	return newest
}

func (k *Sink) take(settings logfile.Settings) {
	if settings.Format != k.file.Settings().Format {
		k.closeCommits()
	}
	k.file.Configure(settings)
	if settings.Encoding != k.encoding {
		k.setEncoding(settings.Encoding)
	}
}

// setEncoding notes for readers in which encoding the program writes, and decodes what becomes JSON from now on.
func (k *Sink) setEncoding(name string) {
	k.encoding, k.decoder = name, nil
	name, err := logfile.KeepEncoding(k.store.opts.Dir, k.name, name)
	if name != "" {
		decoder, unknown := charset.New(name)
		k.decoder, err = decoder, errors.Join(err, unknown)
	}
	if err != nil {
		k.file.Report(fmt.Errorf("logs.encoding: what %s writes is shown as it is: %w", k.name, err))
	}
}

// Attach takes ownership of the reading end of a pipe and starts a copier for it. generation is the run's
// number, stream "stdout" or "stderr" ("" is "stdout"); both must be the same when a successor attaches the same pipe.
//
// A run is attached when its predecessor's process tree is dead. What the predecessor still has in its pipe goes into the file first.
func (k *Sink) Attach(generation int, stream string, end *os.File) (*Copier, error) {
	return k.attach(generation, stream, end, true)
}

// Resume is [Sink.Attach] for the pipe of a run that a predecessor of this process has read.
func (k *Sink) Resume(generation int, stream string, end *os.File) (*Copier, error) {
	return k.attach(generation, stream, end, false)
}

func (k *Sink) attach(generation int, stream string, end *os.File, fresh bool) (*Copier, error) {
	pipe, err := newPipe(end, &k.store.pump.peeker)
	if err != nil {
		return nil, err
	}
	if stream == "" {
		stream = "stdout"
	}
	c := &Copier{sink: k, pipe: pipe, generation: generation, stream: stream, fresh: fresh, done: make(chan struct{}), remaining: -1}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		pipe.close()
		return nil, ErrClosed
	}
	if err := k.store.pump.poller.add(c); err != nil {
		pipe.close()
		return nil, err
	}
	k.copiers = append(k.copiers, c)
	k.drainEarlier()
	if !k.file.Indexed() { // json
		k.store.pump.ready(c) // the spool may hold what a predecessor didn't get to encode
	} else {
		k.store.pump.poller.rearm(c) // the file is made with the first byte: 500 programs may start in this second
	}
	return c, nil
}

// Stats gives the figures of this moment; it never waits for the disk.
func (k *Sink) Stats() Stats {
	s := Stats{Captured: k.captured.Load(), Lost: k.lost.Load()}
	if err := k.failing.Load(); err != nil {
		s.Err = *err
	}
	return s
}

// Tail gives the last lines of the program, at most maxLines and about maxBytes together, for an incident's record. It reads the
// files; what is still in the pipe isn't in it.
func (k *Sink) Tail(maxLines, maxBytes int) []string {
	k.mu.Lock()
	rotated := len(k.file.Past())
	k.mu.Unlock()
	return logread.Tail(k.store.opts.Dir, k.name, rotated, maxLines, maxBytes)
}

// Close stops writing. What is in the pipes stays there for a successor.
func (k *Sink) Close() error {
	k.store.forget(k)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	close(k.quit)
	for _, c := range k.copiers {
		k.store.pump.poller.remove(c)
		c.pipe.close()
		c.closeSpool(false)
	}
	k.copiers = nil
	k.closeCommits()
	k.closeJournal()
	k.file.Close()
	return nil
}

// failed notes that writing doesn't work now.
func (k *Sink) failed(err error, now time.Time) {
	fresh := k.outage.err == nil
	k.outage.err = err
	k.outage.next = now.Add(retryEvery)
	k.failing.Store(&err)
	if fresh {
		k.store.emit(Event{Program: k.name, Kind: Failing, Err: err, Since: now})
	}
}

// wrote notes that n bytes were written, and so that writing works.
func (k *Sink) wrote(n int, now time.Time) {
	k.captured.Add(int64(n))
	if k.outage.err == nil {
		return
	}
	e := Event{Program: k.name, Kind: Recovered, Err: k.outage.err, Until: now}
	if k.outage.losing {
		e.Kind, e.Bytes, e.Since = LossEnded, k.outage.lostSoFar, k.outage.since
	}
	k.outage = outage{}
	k.failing.Store(nil)
	k.store.emit(e)
}

// discarded notes that n bytes are gone.
func (k *Sink) discarded(n int, now time.Time) {
	if n <= 0 {
		return
	}
	k.lost.Add(int64(n))
	k.outage.lostSoFar += int64(n)
	if !k.outage.losing {
		k.outage.losing, k.outage.since = true, now
		k.store.emit(Event{Program: k.name, Kind: LossBegan, Since: now, Bytes: int64(n), Err: k.outage.err})
	}
}
