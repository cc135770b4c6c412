package keeper

import (
	"encoding/binary"
	"errors"
	"time"
)

// Limits of one frame. Whoever exceeds them isn't our peer, or is out of its mind.
const (
	maxFrame = 16 << 20
	maxItems = 1 << 16
	header   = 6 // u32 length of the rest, u8 type, u8 number of file descriptors
)

var errFrame = errors.New("malformed frame")

// coder writes a message's fields to buf, or reads them back: one function per message serves both, so that
// the two directions can't drift apart.
type coder struct {
	buf     []byte
	reading bool
	err     error
}

func (c *coder) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.buf) {
		c.err = errFrame
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
		c.err = errFrame
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

// count codes a number of items. Each takes at least one byte, so a count beyond what is left is a lie.
func (c *coder) count(n int) int {
	x := uint64(n)
	c.u64(&x)
	if c.reading && (x > maxItems || x > uint64(len(c.buf))) {
		c.err = errFrame
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
		c.err = errFrame
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

// appendFrame appends m as one frame that carries fds file descriptors.
func appendFrame(buf []byte, m Message, fds int) []byte {
	start := len(buf)
	buf = append(buf, 0, 0, 0, 0, byte(m.kind()), byte(fds))
	c := coder{buf: buf}
	m.code(&c)
	binary.LittleEndian.PutUint32(c.buf[start:], uint32(len(c.buf)-start-4))
	return c.buf
}

// nextFrame takes the first frame off buf. ok is false where it isn't there whole yet.
func nextFrame(buf []byte) (m Message, fds int, rest []byte, ok bool, err error) {
	if len(buf) < header {
		return nil, 0, buf, false, nil
	}
	n := binary.LittleEndian.Uint32(buf)
	if n < header-4 || n > maxFrame {
		return nil, 0, buf, false, errFrame
	}
	if uint32(len(buf)-4) < n {
		return nil, 0, buf, false, nil
	}
	m = newMessage(messageKind(buf[4]))
	if m == nil {
		return nil, 0, buf, false, errFrame
	}
	c := coder{buf: buf[header : 4+n], reading: true}
	m.code(&c)
	if c.err == nil && len(c.buf) != 0 {
		c.err = errFrame
	}
	return m, int(buf[5]), buf[4+n:], c.err == nil, c.err
}
