package logs

import (
	"bytes"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
)

// jsonBuffers are what encoding needs; held only while data flows.
type jsonBuffers struct {
	in  [maxPart]byte
	out []byte
}

const jsonBatch = 256 << 10 // bytes of JSON that are written at a time

// lastLine is where the last, unfinished line begins.
func lastLine(b []byte) int { return bytes.LastIndexByte(b, '\n') + 1 }

// copyJSON moves one piece into the spool and encodes what are whole lines. It gives the bytes taken from the pipe.
func (c *Copier) copyJSON(now time.Time) (int, error) {
	if err := c.sink.openCommits(); err != nil {
		return 0, err
	}
	if err := c.openSpool(); err != nil {
		return 0, err
	}
	s := c.spool
	taken, size, err := c.resume(s.f, s.size)
	if s.size = size; err != nil || taken > 0 {
		return 0, err
	}
	if s.scanned < s.size { // left by a predecessor, or by a write that failed
		if err := c.encode(now, false); err != nil {
			return 0, err
		}
		c.sink.wrote(0, now)
	}
	want := spoolChunk
	if c.remaining > 0 {
		want = min(want, c.remaining)
	}
	n, err := c.move(s.f, s.size, want)
	s.size += int64(n)
	if n > 0 {
		return n, c.encode(now, false)
	}
	return 0, err
}

// endJSON encodes what is left when the pipe is done with: a last line without a newline too.
func (c *Copier) endJSON(now time.Time) error {
	if c.spool == nil || c.sink.commits == nil {
		return nil
	}
	if c.spool.done == c.spool.size {
		return nil
	}
	return c.encode(now, true)
}

// batch is the lines of a spool that are encoded in one go.
type batch struct {
	c     *Copier
	now   time.Time
	start []byte // beginning of each object, with the time
	out   []byte
}

// encode writes the whole lines of the spool to the log; at the end of a run also the rest.
func (c *Copier) encode(now time.Time, final bool) error {
	s := c.spool
	buf := c.pipe.peeker.buffers.takeJSON()
	defer c.pipe.peeker.buffers.giveJSON(buf)
	if !final {
		if has, err := s.hasLine(buf.in[:]); !has {
			return err
		}
	}
	if c.sink.file.Aged(now) {
		if err := c.rotateJSON(now); err != nil {
			return err
		}
	}
	b := batch{c: c, now: now, start: jsonline.AppendStamp(nil, now), out: buf.out[:0]}
	for s.done < s.size {
		before := s.done
		n, err := s.f.ReadAt(buf.in[:min(maxPart, s.size-s.done)], s.done)
		if n == 0 {
			return err
		}
		if err := b.lines(buf.in[:n], final && s.done+int64(n) == s.size); err != nil {
			return err
		}
		if s.done == before {
			break
		}
	}
	buf.out = b.out[:0]
	s.scanned = s.size
	return c.shrink()
}

// lines encodes and writes the lines of the piece of the spool that begins where it is committed.
func (b *batch) lines(in []byte, last bool) error {
	pos := 0
	for pos < len(in) {
		rest := in[pos:]
		i := bytes.IndexByte(rest, '\n')
		switch {
		case i >= 0:
			line := bytes.TrimSuffix(rest[:i], []byte("\r")) // Windows' programs end their lines with both
			b.append(line, jsonline.WithNewline)
			pos += i + 1
		case pos == 0 && len(in) == maxPart: // a line that is longer than a part
			pos = jsonline.CutRune(in)
			b.append(in[:pos], jsonline.Partial)
		case last:
			b.append(rest, jsonline.NoNewline)
			pos = len(in)
		default: // the beginning of a line: read again when there is more of it
			return b.flush(pos)
		}
		if b.full() {
			if err := b.flush(pos); err != nil {
				return err
			}
			in, pos = in[pos:], 0
		}
	}
	return b.flush(pos)
}

// append encodes a line, its message decoded where the program doesn't write UTF-8.
func (b *batch) append(line []byte, end jsonline.End) {
	b.out = jsonline.AppendDecoded(b.out, b.start, b.c.spool.head, line, b.c.sink.decoder.Decode(line), end)
}

// full tells whether it is time to write.
func (b *batch) full() bool {
	l := b.c.sink.file
	limit := l.Settings().MaxSize
	return len(b.out) >= jsonBatch || limit > 0 && l.Size+int64(len(b.out)) >= limit && l.MayRotate(b.now)
}

// flush appends the objects to the log and commits that the spool is encoded n bytes further than before.
func (b *batch) flush(n int) error {
	if len(b.out) == 0 {
		return nil
	}
	c, s := b.c, b.c.spool
	k := c.sink
	l := k.file
	if limit := l.Settings().MaxSize; limit > 0 && l.Size > 0 && l.Size >= limit && l.MayRotate(b.now) {
		if err := c.rotateJSON(b.now); err != nil {
			return err
		}
	}
	if k.commits.record.seq != l.Seq() || k.commits.record.size != l.Size {
		if err := k.commit(); err != nil { // another file: a successor must know before there is something in it
			return err
		}
	}
	written, err := l.File.WriteAt(b.out, l.Size)
	if err != nil {
		if written > 0 {
			l.File.Truncate(l.Size) // no torn line; it is written again as a whole
		}
		return err
	}
	l.Size += int64(written)
	k.commits.record.set(c.generation, c.stream, s.done+int64(n))
	if err := k.commit(); err != nil {
		l.Size -= int64(written)
		l.File.Truncate(l.Size)
		k.commits.record.set(c.generation, c.stream, s.done)
		return err
	}
	s.done += int64(n)
	b.out = b.out[:0]
	return nil
}

// rotateJSON rotates a log that ends with a whole object, as every JSON log does.
func (c *Copier) rotateJSON(now time.Time) error {
	if err := c.sink.file.Rotate(now); err != nil {
		return err
	}
	return c.sink.file.EnsureOpen(now)
}
