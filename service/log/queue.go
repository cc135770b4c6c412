package log

import (
	"log/slog"
	"sync"
	"sync/atomic"
)

// queue holds formatted records for one output, bounded in bytes. Many goroutines put, one takes.
type queue struct {
	limit   int64
	used    atomic.Int64 // bytes that wait or are being written; written under mu, read without
	wake    chan struct{}
	closing chan struct{}

	mu         sync.Mutex
	waiting    batch
	spare      batch  // the storage of a batch that was written, for the next one
	unreported uint64 // dropped since the last notice
	dropped    uint64 // ever
	accepted   uint64 // records ever put
	finished   uint64 // of these, written or lost
	lost       uint64 // of these, given up
	cause      error  // why the last of them was
	failure    error  // of the last write; nil when it succeeded
	closed     bool
	disabled   atomic.Bool // the output couldn't be opened: records for it aren't counted
	flushes    []flushMark
}

// flushMark is a caller that waits until the first `until` records have left the queue.
type flushMark struct {
	until uint64
	done  chan struct{}
}

// mark is one record in a batch.
type mark struct {
	end   int // in the batch's bytes
	level slog.Level
	event int
}

// batch is a run of records, one behind the other.
type batch struct {
	bytes []byte
	marks []mark
	size  int // bytes that count against the queue's limit: all but a notice's
	count int // records without notices

	written int // bytes that the output has taken
}

// rest is how many records, without notices, the output hasn't taken whole.
func (b *batch) rest() int {
	n := 0
	for i := b.count - 1; i >= 0 && b.marks[i].end > b.written; i-- {
		n++
	}
	return n
}

// Write adds one record, for handlers that write to an io.Writer.
func (b *batch) Write(p []byte) (int, error) {
	b.add(p, 0, 0)
	return len(p), nil
}

func (b *batch) add(p []byte, level slog.Level, event int) {
	b.bytes = append(b.bytes, p...)
	b.marks = append(b.marks, mark{end: len(b.bytes), level: level, event: event})
}

// record is the i-th record's bytes.
func (b *batch) record(i int) []byte {
	begin := 0
	if i > 0 {
		begin = b.marks[i-1].end
	}
	return b.bytes[begin:b.marks[i].end]
}

func newQueue(limit int) *queue {
	return &queue{limit: int64(limit), wake: make(chan struct{}, 1), closing: make(chan struct{})}
}

// admits decides before a record is formatted, so that a blocked output costs its callers nothing: the last half of the
// queue is kept for warnings and errors, the last quarter for errors. What it refuses is counted.
func (q *queue) admits(level slog.Level) bool {
	if q.disabled.Load() {
		return false
	}
	room := q.limit
	switch {
	case level < slog.LevelWarn:
		room = q.limit / 2
	case level < slog.LevelError:
		room = q.limit / 4 * 3
	}
	if q.used.Load() < room {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.drop(1)
	return false
}

// drop counts; mu is held.
func (q *queue) drop(n uint64) {
	q.unreported += n
	q.dropped += n
}

// Write puts one line: slog.JSONHandler calls it once per record.
func (q *queue) Write(p []byte) (int, error) {
	q.put(p, 0, 0)
	return len(p), nil
}

func (q *queue) put(p []byte, level slog.Level, event int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.disabled.Load() {
		return
	}
	if q.closed || q.used.Load()+int64(len(p)) > q.limit {
		q.drop(1)
		return
	}
	q.waiting.add(p, level, event)
	q.waiting.size += len(p)
	q.waiting.count++
	q.used.Add(int64(len(p)))
	q.accepted++
	select {
	case q.wake <- struct{}{}:
	default: // the writer is awake already
	}
}

// take gives all that waits, and how many records were dropped since the last time; their notice belongs behind it. It never
// blocks. Where last is true, nothing will follow.
func (q *queue) take() (b batch, unreported uint64, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, q.waiting, q.spare = q.waiting, q.spare, batch{}
	unreported, q.unreported = q.unreported, 0
	return b, unreported, q.closed
}

// finish gives b's room back; what the output hasn't taken of it is lost.
func (q *queue) finish(b batch) {
	keep := max(256<<10, int(q.limit/4)) // the storage of a larger burst goes back
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used.Add(-int64(b.size))
	q.finished += uint64(b.count)
	if n := b.rest(); n > 0 {
		q.lost += uint64(n)
		q.dropped += uint64(n)
		q.cause = q.failure
	}
	if cap(b.bytes) <= keep {
		q.spare = batch{bytes: b.bytes[:0], marks: b.marks[:0]}
	}
	waiting := q.flushes[:0]
	for _, f := range q.flushes {
		if q.finished >= f.until {
			close(f.done)
		} else {
			waiting = append(waiting, f)
		}
	}
	q.flushes = waiting
}

// flushed is closed once all that was put until now has left the queue.
func (q *queue) flushed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	f := flushMark{until: q.accepted, done: make(chan struct{})}
	if q.finished >= f.until {
		close(f.done)
	} else {
		q.flushes = append(q.flushes, f)
	}
	return f.done
}

// failed notes how the last write ended.
func (q *queue) failed(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failure = err
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.closing)
	}
}

// disable gives up an output that couldn't be opened, and forgets what waits for it.
func (q *queue) disable() {
	q.disabled.Store(true)
	b, _, _ := q.take()
	b.written = len(b.bytes)
	q.finish(b)
}

func (q *queue) droppedEver() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// losses are the records that were given up, and why the last of them was.
func (q *queue) losses() (uint64, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost, q.cause
}

// backlog is how many records wait, and how the last write failed, if it did.
func (q *queue) backlog() (uint64, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.accepted - q.finished, q.failure
}
