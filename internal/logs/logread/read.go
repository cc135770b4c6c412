package logread

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// None is the [Query.Last] that means no line of those that are there: only what comes, with Follow.
const None = -1

// Query says what to read.
type Query struct {
	Programs []string  // nil: all that have a log, without daruma's own
	Last     int       // so many last lines of each program; 0: every line; None
	Since    time.Time // lines captured at this time or later; zero: from the beginning
	Until    time.Time // lines captured before this time; zero: to the end
	Raw      bool      // the lines' bytes as they are, though their encoding is known
	Follow   bool      // go on until the context or Stop ends it, across rotations

	Stop   <-chan struct{} // with Follow: once it is closed, Read emits what there is to the last byte, and returns
	Expect []string        // with Follow: programs that have no log yet, whose first line mustn't wait for the search for new logs

	// Warn is called with what couldn't be read (a damaged compressed file, files that retention deleted while they were
	// followed); reading goes on. May be nil.
	Warn func(error)
	// Idle is called when there is nothing more for now, and before Read returns: the time to flush. May be nil.
	Idle func()
}

// Line is one line of output, or a part of a very long one.
type Line struct {
	Program    string
	Generation int       // 0: not known
	Stream     string    // "" in text logs, where both streams share a pipe
	Time       time.Time // when its first byte was captured; zero: not known
	Text       []byte    // without the newline, in UTF-8 where the encoding of the log is known; valid until emit returns
	Raw        []byte    // the JSON object where the log has one; valid until emit returns
	Partial    bool      // no newline follows: the line goes on, or the run ended within it
	RunEnded   bool      // it is known that the run ended within it; without Text where that is known only after the line was emitted
}

// Programs lists the programs that have a log in dir, sorted; daruma's own log isn't one.
func Programs(dir string) ([]string, error) {
	all, err := logfile.Scan(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, h := range all {
		if name != logfile.Own && (h.Current || len(h.Files) > 0) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// Read emits the lines of the programs' logs in dir, across rotated and compressed files, those of several programs in the
// order of time. Lines of one program always keep their order. It ends with what is there, or with ctx where it follows,
// and with the error that emit gives. A program that isn't there has no lines; where it follows, they may still come.
//
// Memory is bounded however long a line is: longer ones than 1 MiB come in parts.
func Read(ctx context.Context, dir string, q Query, emit func(Line) error) error {
	names := q.Programs
	if names == nil {
		var err error
		if names, err = Programs(dir); err != nil {
			return err
		}
	}
	r := reader{ctx: ctx, query: q, emit: emit}
	if q.Follow { // before anything is read, so that nothing is missed
		r.watch = newWatcher(dir)
		defer r.watch.close()
	}
	defer r.close()
	for _, name := range withExpected(names, q) {
		t := &programReader{dir: dir, program: name, follow: q.Follow, raw: q.Raw, warn: r.warn}
		r.programs = append(r.programs, t)
		if err := t.begin(q); err != nil {
			return err
		}
	}
	for {
		more, err := r.merge()
		if q.Idle != nil && !more {
			q.Idle()
		}
		if err != nil || !q.Follow {
			return err
		}
		if q.Programs == nil {
			if err := r.discover(dir); err != nil {
				return err
			}
		}
		if more {
			continue
		}
		if err := r.wait(); err != nil {
			if err == errStop {
				return r.finish(dir)
			}
			return err
		}
	}
}

func withExpected(names []string, q Query) []string {
	if !q.Follow {
		return names
	}
	for _, name := range q.Expect {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// errStop says that [Query.Stop] was closed.
var errStop = errors.New("stop")

// finish emits what there is after Stop, unfinished lines too.
func (r *reader) finish(dir string) error {
	if r.query.Programs == nil {
		r.discovered = time.Time{}
		if err := r.discover(dir); err != nil {
			return err
		}
	}
	for more := true; more; {
		var err error
		if more, err = r.merge(); err != nil {
			return err
		}
	}
	for _, t := range r.programs {
		for t.flush(); t.full; t.flush() {
			t.full = false
			if !r.wanted(t.head) {
				continue
			}
			if err := r.emit(t.head); err != nil {
				return err
			}
		}
	}
	if r.query.Idle != nil {
		r.query.Idle()
	}
	return nil
}

// wait waits for a sign of something new, and not for long.
func (r *reader) wait() error {
	timer := time.NewTimer(r.waitTime())
	defer timer.Stop()
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-r.query.Stop:
		return errStop
	case <-r.watch.wake:
	case <-timer.C:
	}
	return nil
}

// reader merges the lines of several programs.
type reader struct {
	ctx        context.Context
	query      Query
	emit       func(Line) error
	programs   []*programReader
	watch      *watcher  // where it follows
	discovered time.Time // when new programs were last searched for
}

func (r *reader) warn(err error) {
	if r.query.Warn != nil {
		r.query.Warn(err)
	}
}

func (r *reader) close() {
	for _, t := range r.programs {
		t.close()
	}
}

// mergeMost is how many lines are merged before programs that had nothing to say are asked again.
const mergeMost = 10_000

// merge emits what there is now, always the oldest of the lines that come next; true: there may be more.
func (r *reader) merge() (bool, error) {
	var heads []*programReader
	for _, t := range r.programs {
		if ok, err := t.fill(); err != nil {
			return false, err
		} else if ok {
			heads = append(heads, t)
		}
	}
	for n := 0; len(heads) > 0; n++ {
		if n == mergeMost && r.query.Follow {
			return true, nil
		}
		if err := r.ctx.Err(); err != nil {
			return false, err
		}
		first := 0
		for i, t := range heads {
			if t.head.Time.Before(heads[first].head.Time) {
				first = i
			}
		}
		t := heads[first]
		if r.wanted(t.head) {
			if err := r.emit(t.head); err != nil {
				return false, err
			}
		}
		t.full = false
		if ok, err := t.fill(); err != nil {
			return false, err
		} else if !ok {
			heads = append(heads[:first], heads[first+1:]...)
		}
	}
	return false, nil
}

// wanted tells whether the line lies within the query's time. A line without a time does.
func (r *reader) wanted(l Line) bool {
	q := &r.query
	return l.Time.IsZero() || !l.Time.Before(q.Since) && (q.Until.IsZero() || l.Time.Before(q.Until))
}

// discover follows programs that have begun to write since: at once where the system tells of new files, else once a second.
func (r *reader) discover(dir string) error {
	now := time.Now()
	if d := now.Sub(r.discovered); !r.watch.hasNew() && d >= 0 && d < time.Second {
		return nil
	}
	r.discovered = now
	names, err := Programs(dir)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, t := range r.programs {
		known[t.program] = true
	}
	for _, name := range names {
		if known[name] {
			continue
		}
		t := &programReader{dir: dir, program: name, follow: true, raw: r.query.Raw, warn: r.warn}
		r.programs = append(r.programs, t)
		if err := t.begin(Query{Since: r.query.Since}); err != nil {
			return err
		}
	}
	return nil
}

// waitTime is how long to wait for a sign of something new: shorter while a line is unfinished.
func (r *reader) waitTime() time.Duration {
	for _, t := range r.programs {
		if t.unfinished() {
			return partialAfter / 2
		}
	}
	return r.watch.period()
}

// partialAfter is how long a newline is waited for before the beginning of the line is emitted.
const partialAfter = 500 * time.Millisecond

// openSegment opens a rotated file for reading, whichever form it has.
func openSegment(dir, program string, r logfile.Rotated) (io.ReadCloser, error) {
	f, err := safefile.Open(filepath.Join(dir, r.Name(program)))
	if !errors.Is(err, os.ErrNotExist) {
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	if f, err = logfile.OpenCompressed(dir, program, r); err != nil {
		return nil, err
	}
	return openGzip(f)
}

// gzipFile is a compressed file that is read.
type gzipFile struct {
	*gzip.Reader
	f *os.File
}

func (g *gzipFile) Close() error { return g.f.Close() }

// openGzip takes ownership of f.
func openGzip(f *os.File) (io.ReadCloser, error) {
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return &gzipFile{z, f}, nil
}
