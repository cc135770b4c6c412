package logfile

import (
	"encoding/binary"
	"os"
	"time"
)

// The index of a text log says when its bytes came, because the log itself holds nothing but the bytes.
//
// It begins with 16 bytes (indexMagic) and goes on with records of 16 bytes, little endian:
//
//	0     kind: 1 "from this offset on", 2 "and of this generation", 3 "the run's output ended at this offset, within a line"
//	1     check: the sum of the other 15 bytes, plus 0x5a
//	2…7   offset in the log, or generation (48 bits)
//	8…15  microseconds since 1970
//
// A record whose check byte is wrong is skipped: its lines get the time of the record before.
const (
	indexMagic = "daruma index 1\n\x00"
	recordSize = 16
	kindOffset = 1
	kindRun    = 2
	kindEnd    = 3
	markEvery  = time.Millisecond      // no two records closer than that,
	markLazy   = 10 * time.Millisecond // nor that, unless
	markBytes  = 1 << 10               // so many bytes lie between
	markStale  = time.Second           // at the same offset, while writing fails
)

type record struct {
	kind  byte
	value uint64 // offset or generation
	at    int64  // µs
}

func (r record) put(b []byte) {
	binary.LittleEndian.PutUint64(b[0:], r.value<<16)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.at))
	b[0], b[1] = r.kind, 0
	b[1] = check(b)
}

func getRecord(b []byte) (record, bool) {
	if len(b) < recordSize || check(b[:recordSize]) != 0 {
		return record{}, false
	}
	r := record{kind: b[0], value: binary.LittleEndian.Uint64(b) >> 16, at: int64(binary.LittleEndian.Uint64(b[8:]))}
	return r, r.kind == kindOffset || r.kind == kindRun || r.kind == kindEnd
}

// check is what the check byte must be for the sum to be right: 0 where it is.
func check(b []byte) byte {
	sum := byte(0x5a)
	for _, x := range b[:recordSize] {
		sum += x
	}
	return -sum
}

// index is the writing side. Without a file (it couldn't be opened or written) it does nothing.
type index struct {
	f     *os.File
	size  int64
	first time.Time // of the first record, zero where there is none

	lastOff, lastAt int64
	generation      int
}

// open opens or makes the index of a log that is logSize long. One that is too long or not ours is begun anew.
func (x *index) open(path string, logSize int64) error {
	f, err := openFile(path, os.O_CREATE)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	x.f, x.size, x.lastOff, x.generation = f, st.Size()/recordSize*recordSize, -1, -1
	var head, rec [recordSize]byte
	if x.size >= recordSize {
		f.ReadAt(head[:], 0)
	}
	if string(head[:]) != indexMagic || logSize == 0 || x.beyond(logSize) {
		if err := f.Truncate(0); err != nil {
			return x.fail(err)
		}
		if _, err := f.WriteAt([]byte(indexMagic), 0); err != nil {
			return x.fail(err)
		}
		x.size = recordSize
		return nil
	}
	if x.size > recordSize {
		f.ReadAt(rec[:], recordSize)
		if r, ok := getRecord(rec[:]); ok {
			x.first = time.UnixMicro(r.at)
		}
	}
	return nil
}

// beyond tells whether the last record is for an offset that the log doesn't have: then the index belongs to another log.
func (x *index) beyond(logSize int64) bool {
	var rec [recordSize]byte
	if x.size <= recordSize {
		return false
	}
	x.f.ReadAt(rec[:], x.size-recordSize)
	r, ok := getRecord(rec[:])
	return ok && r.kind != kindRun && r.value > uint64(logSize)
}

// mark notes that the bytes from offset off on come now, from this generation. It must be called before they are
// written: a kill in between leaves a record that the successor's at the same offset overrides.
func (x *index) mark(now time.Time, off int64, generation int) {
	if x.f == nil {
		return
	}
	at := now.UnixMicro()
	same := generation == x.generation
	if same && x.lastOff >= 0 {
		if since := time.Duration(at-x.lastAt) * time.Microsecond; since >= 0 &&
			(off == x.lastOff && since < markStale || since < markEvery || since < markLazy && off-x.lastOff < markBytes) {
			return
		}
	}
	var b [2 * recordSize]byte
	rec := b[:recordSize]
	record{kindOffset, uint64(off), at}.put(rec)
	if !same {
		rec = b[:]
		record{kindRun, uint64(generation), at}.put(rec[recordSize:])
	}
	if _, err := x.f.WriteAt(rec, x.size); err != nil {
		return // the disk is full: without a record the lines get an older time
	}
	x.size += int64(len(rec))
	x.lastOff, x.lastAt, x.generation = off, at, generation
}

// end notes that a run's output ended at offset off, within a line.
func (x *index) end(now time.Time, off int64) {
	if x.f == nil {
		return
	}
	var b [recordSize]byte
	record{kindEnd, uint64(off), now.UnixMicro()}.put(b[:])
	if _, err := x.f.WriteAt(b[:], x.size); err == nil {
		x.size += recordSize
	}
	x.generation = -1 // what comes next says whose it is, even with the same number: those begin anew with each start of the service
}

func (x *index) fail(err error) error {
	x.close()
	return err
}

func (x *index) close() {
	if x.f != nil {
		x.f.Close()
		x.f = nil
	}
}
