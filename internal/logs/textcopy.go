package logs

import (
	"bytes"
	"io"
	"time"
)

// copyText moves one piece into a text log, as it is, and rotates the log where it is at the end of a line.
func (c *Copier) copyText(now time.Time) (int, error) {
	l := c.sink.file
	taken, size, err := c.resume(l.File, l.Size)
	if l.Size = size; err != nil || taken > 0 {
		return 0, err
	}
	if l.Aged(now) && l.EndsLine() {
		if err := l.Rotate(now); err != nil {
			return 0, err
		}
		if l.File == nil {
			return 0, l.EnsureOpen(now)
		}
	}
	have := c.pipe.buffered()
	if have == 0 { // asked first, so that the index has no time at which nothing came
		if c.pipe.ended() {
			return 0, io.EOF
		}
		return 0, errEmpty
	}
	want, cut, err := c.fits(int64(have), now)
	if err != nil {
		return 0, err
	}
	if c.remaining > 0 {
		want, cut = min(want, c.remaining), cut && want <= c.remaining
	}
	if c.fresh { // the end of the run before may not have been noted: the power failed, or everything was killed
		c.fresh = false
		l.EndRun(now)
	}
	l.Mark(now, c.generation)
	n, err := c.move(l.File, l.Size, want)
	l.Size += int64(n)
	if cut && n == want {
		if err := l.Rotate(now); err != nil {
			return n, err
		}
		err = l.EnsureOpen(now)
	}
	return n, err
}

// fits gives how many bytes to move now, so that the file ends with a line when it is full. cut: rotate after them.
//
// Far from the end the bytes aren't read at all. Near it, tee shows what is in the pipe, and the file ends after the last
// line that fits. A line that is longer than the file may be goes on in it, up to twice the file's size.
func (c *Copier) fits(have int64, now time.Time) (want int, cut bool, err error) {
	l := c.sink.file
	limit := l.Settings().MaxSize
	if limit <= 0 || !l.MayRotate(now) {
		return spliceChunk, false, nil
	}
	room := limit - l.Size
	if room >= spliceChunk+bufferSize {
		return spliceChunk, false, nil
	}
	switch {
	case have <= room:
		return int(have), false, nil
	case room > bufferSize:
		return int(room - bufferSize), false, nil
	}
	buf := c.pipe.peeker.buffers.take()
	defer c.pipe.peeker.buffers.give(buf)
	n, err := c.pipe.peek(*buf)
	if err != nil {
		return c.unseen(room, err)
	}
	seen := (*buf)[:n]
	if int64(n) <= room {
		return n, false, nil
	}
	if room > 0 {
		if i := bytes.LastIndexByte(seen[:room], '\n'); i >= 0 {
			return i + 1, true, nil
		}
	}
	if l.Size > 0 && l.EndsLine() || l.Size >= 2*limit {
		if err := l.Rotate(now); err != nil {
			return 0, false, err
		}
		if err := l.EnsureOpen(now); err != nil {
			return 0, false, err
		}
		return c.fits(have, now) // of an empty file, or of one that can't be rotated for a while
	}
	if i := bytes.IndexByte(seen, '\n'); i >= 0 {
		return i + 1, true, nil
	}
	return n, false, nil
}

// unseen is what fits where peeking fails for lack of descriptors: writing goes on, and the file is rotated later.
func (c *Copier) unseen(room int64, err error) (int, bool, error) {
	if err == errEmpty {
		return 0, false, err
	}
	c.sink.file.PostponeRotation(err)
	return max(int(room), bufferSize), false, nil
}
