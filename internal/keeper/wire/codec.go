package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// MaxFrame is the size of the largest frame, in bytes. A peer that sends a larger one isn't ours, or its memory is damaged.
const MaxFrame = 16 << 20

// About how much the keeper sends at once, in bytes and in files: the kernel takes 253 files in one sendmsg (SCM_MAX_FD), and
// Link has room for 64.
const (
	BatchBytes = 16 << 10
	BatchFiles = 32
)

const (
	maxItems = 1 << 16 // in a list
	header   = 6       // u32 length of the rest, u8 kind, u8 number of file descriptors
)

// ErrMalformed says that what was read isn't a frame of this protocol.
var ErrMalformed = errors.New("malformed frame")

// coder writes a message's fields to buf, or reads them back: one function per message serves both, so that
// the two directions can't drift apart.
type coder struct {
	buf     []byte
	reading bool
	err     error
}

// more says that a field follows which older peers don't write: fields are added at the end alone, and are zero where they are missing.
func (c *coder) more() bool { return !c.reading || len(c.buf) > 0 }

func (c *coder) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.buf) {
		c.err = ErrMalformed
		return nil
	}
	b := c.buf[:n]
	c.buf = c.buf[n:]
	return b
}

func (c *coder) u64(v *uint64) {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, *v)
		return
	}
	if c.err != nil {
		return
	}
	x, n := binary.Uvarint(c.buf)
	if n <= 0 {
		c.err = ErrMalformed
		return
	}
	c.buf = c.buf[n:]
	*v = x
}

func (c *coder) i64(v *int64) {
	u := uint64(*v)<<1 ^ uint64(*v>>63) // zigzag, as protobuf: small negatives stay short
	c.u64(&u)
	*v = int64(u>>1) ^ -int64(u&1)
}

func (c *coder) num(v *int) {
	x := int64(*v)
	c.i64(&x)
	*v = int(x)
}

func (c *coder) dur(v *time.Duration) {
	x := int64(*v)
	c.i64(&x)
	*v = time.Duration(x)
}

func (c *coder) flag(v *bool) {
	var x uint64
	if *v {
		x = 1
	}
	c.u64(&x)
	*v = x != 0
}

// flagPair codes a second flag where only the first was: a peer of an older version reads any of them as the first, and what it writes
// is read as it was meant.
func (c *coder) flagPair(first, second *bool) {
	var x uint64
	if *first {
		x = 1
	}
	if *second {
		x |= 2
	}
	c.u64(&x)
	*first, *second = x&1 != 0, x&2 != 0
}

// count codes a number of items. Each takes at least one byte, so there can't be more of them than bytes are left.
func (c *coder) count(n int) int {
	x := uint64(n)
	c.u64(&x)
	if c.reading && (x > maxItems || x > uint64(len(c.buf))) {
		c.err = ErrMalformed
		return 0
	}
	return int(x)
}

func (c *coder) blob(v *[]byte) {
	n := uint64(len(*v))
	c.u64(&n)
	if !c.reading {
		c.buf = append(c.buf, *v...)
		return
	}
	if n > uint64(len(c.buf)) {
		c.err = ErrMalformed
		return
	}
	if b := c.take(int(n)); len(b) > 0 {
		*v = append([]byte(nil), b...) // the frame's buffer is reused
	}
}

func (c *coder) str(v *string) {
	b := []byte(*v)
	if c.reading {
		b = nil
	}
	c.blob(&b)
	if c.reading {
		*v = string(b)
	}
}

// list codes a slice with one function for its items.
func list[T any](c *coder, v *[]T, item func(*T)) {
	n := c.count(len(*v))
	if c.reading && c.err == nil && n > 0 {
		*v = make([]T, n)
	}
	for i := 0; i < n && c.err == nil; i++ {
		item(&(*v)[i])
	}
}

func (c *coder) strs(v *[]string) { list(c, v, c.str) }

// AppendFrame appends m to buf as one frame that carries fds file descriptors, at most 255.
func AppendFrame(buf []byte, m Message, fds int) []byte {
	start := len(buf)
	buf = append(buf, 0, 0, 0, 0, numberOf(m), byte(fds))
	c := coder{buf: buf}
	m.fields(&c)
	binary.LittleEndian.PutUint32(c.buf[start:], uint32(len(c.buf)-start-4))
	return c.buf
}

// NextFrame takes the first frame off buf: its message, how many file descriptors belong to it, and what follows. ok is false where the
// frame isn't there whole yet. An error is an ErrMalformed. The message keeps nothing of buf. It is for the keeper, which takes nothing
// that it doesn't know.
func NextFrame(buf []byte) (m Message, fds int, rest []byte, ok bool, err error) {
	f, rest, ok, err := cutFrame(buf)
	if !ok || err != nil {
		return nil, 0, buf, false, err
	}
	m, left, err := f.message()
	switch {
	case err != nil:
	case m == nil:
		err = fmt.Errorf("%w: there is no message number %d", ErrMalformed, f.kind)
	case len(left) != 0:
		err = fmt.Errorf("%w: %T", ErrMalformed, m)
	}
	return m, f.files, rest, err == nil, err
}

// frame is one frame as it arrived.
type frame struct {
	kind   byte
	files  int // that came with it
	fields []byte
}

// cutFrame takes the first frame off buf. ok is false where it isn't there whole yet.
func cutFrame(buf []byte) (f frame, rest []byte, ok bool, err error) {
	if len(buf) < header {
		return f, buf, false, nil
	}
	n := binary.LittleEndian.Uint32(buf)
	if n < header-4 || n > MaxFrame {
		return f, buf, false, fmt.Errorf("%w: it says that it is %d bytes long", ErrMalformed, n)
	}
	if uint32(len(buf)-4) < n {
		return f, buf, false, nil
	}
	return frame{kind: buf[4], files: int(buf[5]), fields: buf[header : 4+n]}, buf[4+n:], true, nil
}

// message reads the frame's message, nil for a kind that isn't known. left are the bytes of fields that aren't known.
func (f frame) message() (m Message, left []byte, err error) {
	if m = newMessage(f.kind); m == nil {
		return nil, nil, nil
	}
	c := coder{buf: f.fields, reading: true}
	m.fields(&c)
	if c.err != nil {
		return m, nil, fmt.Errorf("%w: %T", c.err, m)
	}
	return m, c.buf, nil
}
