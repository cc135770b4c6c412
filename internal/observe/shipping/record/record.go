// Package record is a line of a program's log, or several that belong together, as it is shipped.
package record

import (
	"hash/fnv"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// Source is a program whose lines are shipped. Make one with [NewSource].
type Source struct {
	Machine, Service, Program string

	key string // the three in a few letters
}

// NewSource gives the source of the lines of a program.
func NewSource(machine, service, program string) *Source {
	h := fnv.New64a()
	for _, name := range []string{machine, service, program} {
		_, _ = h.Write([]byte(name + "\x00")) // never fails
	}
	return &Source{machine, service, program, strconv.FormatUint(h.Sum64(), 36)}
}

// Record is what is shipped as one.
type Record struct {
	*Source
	At         logread.Position // where it begins: with the source, that names it
	Generation int              // of the run; 0: not known
	Stream     string           // stdout, stderr, or "": both share a pipe
	Time       time.Time        // when its first byte was captured
	Text       []byte           // UTF-8
	Partial    bool             // the line goes on in the next record, or its run ended within it
	Lines      int              // joined in it; 1: it is a line as it was written
}

// AppendID appends the record's name: the same whenever it is read again, and no other's. It consists of the letters a to z, digits and
// dashes, and of some 40 of them.
func (r *Record) AppendID(dst []byte) []byte {
	return r.AppendOffset(r.AppendIDStart(dst))
}

// AppendIDStart appends what the names of all records of a file begin with; that of one goes on with [Record.AppendOffset].
func (r *Record) AppendIDStart(dst []byte) []byte {
	return append(r.AppendFile(append(append(dst, r.key...), '-')), '-')
}

// AppendOffset appends what its name has after that.
func (r *Record) AppendOffset(dst []byte) []byte { return strconv.AppendInt(dst, r.At.Offset, 36) }

// SameFile tells whether both are from the same file of the same program.
func (r *Record) SameFile(as *Record) bool {
	return r.Source == as.Source && r.At.Seq == as.At.Seq && r.At.Born == as.At.Born
}

// AppendFile appends what names the file that the record is from among those of its program.
func (r *Record) AppendFile(dst []byte) []byte {
	dst = strconv.AppendUint(dst, r.At.Seq, 10)
	return strconv.AppendInt(append(dst, '-'), r.At.Born, 36)
}

// When is the record's time; where it isn't known, that of its file.
func (r *Record) When() time.Time {
	switch {
	case !r.Time.IsZero():
		return r.Time
	case r.At.Born != 0:
		return time.UnixMicro(r.At.Born)
	}
	return time.Now()
}
