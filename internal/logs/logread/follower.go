package logread

import (
	"os"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// Follower reads one program's log from a position on, through rotation and compression, for somebody who goes on there later: after a
// restart it gives the same lines at the same positions. It waits for nothing, and its methods are called by one goroutine.
//
// It gives whole lines alone: one without a newline when the run has ended, or when it has reached 1 MiB, in parts of as much.
type Follower struct {
	t    programReader
	seen os.FileInfo // the current file when there was nothing more in it
}

// Follow begins at the position, the zero Position is the beginning. The program need not have a log yet. warn is called with what can't be
// read any more (a damaged file, files that retention has deleted); reading goes on behind it.
func Follow(dir, program string, from Position, warn func(error)) (*Follower, error) {
	f := &Follower{t: programReader{dir: dir, program: program, follow: true, whole: true, warn: warn}}
	if err := f.t.begin(Query{}); err != nil {
		f.t.close()
		return nil, err
	}
	f.t.seekPosition(from)
	return f, nil
}

// Next gives the next line and where it begins; false: there is none now. The line is valid until the next call.
func (f *Follower) Next() (line Line, at Position, ok bool, err error) {
	if f.quiet() {
		return line, at, false, nil
	}
	if ok, err = f.t.fillAny(); !ok || err != nil {
		f.rest()
		return line, at, false, err
	}
	f.t.full, f.seen = false, nil
	return f.t.head, f.t.places.at(f.t.places.line), true, nil
}

// Position is where the next line begins.
func (f *Follower) Position() Position { return f.t.places.at(f.t.lines.off) }

// quiet tells, by one system call, that nothing was written since there was nothing more. Of a line that has no newline yet it says nothing:
// the end of the run may have been noted in the index.
func (f *Follower) quiet() bool {
	if f.seen == nil || f.t.lines.pending() || f.t.inLine {
		return false
	}
	at, err := os.Lstat(f.t.path())
	return err == nil && os.SameFile(at, f.seen) && at.Size() == f.seen.Size()
}

// rest notes the state of the current file, which was read to its end, and lets the memory go: of a hundred programs most are silent.
func (f *Follower) rest() {
	f.seen = nil
	t := &f.t
	if t.src == nil || !t.readsCurrent || t.rotated || t.lines.pending() {
		return
	}
	if st, err := t.current.Stat(); err == nil && st.Size() == t.lines.position() {
		f.seen = st
	}
	t.lines.buf, t.lines.start, t.lines.end, t.lines.searched = nil, 0, 0, 0
}

// Close closes the files.
func (f *Follower) Close() { f.t.close() }

// End is the position behind all that the log holds now.
func End(dir, program string) (Position, error) {
	f, err := Follow(dir, program, Position{}, func(error) {})
	if err != nil {
		return Position{}, err
	}
	defer f.Close()
	t := &f.t
	if t.current == nil {
		return Position{Seq: t.seq}, nil
	}
	return Position{t.seq, t.birthOf(logfile.Rotated{}, t.current), t.limit}, nil
}
