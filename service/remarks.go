package service

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// remarks are what the package itself has to say, for the service's logger. That may be anything of the service's own: it may wait
// for its output, panic, or ask the package something. So neither the runner nor whoever holds a lock calls it, but a
// goroutine of its own, which is there as long as something is to be written.
type remarks struct {
	log *slog.Logger

	mu      sync.Mutex
	waiting []slog.Record
	idle    chan struct{} // closed when the goroutine has ended; nil: there is none
}

// maxRemarks bounds what waits for a logger that hangs.
const maxRemarks = 256

func (q *remarks) Info(message string, args ...any) {
	q.add(newRecord(slog.LevelInfo, message), args)
}

func (q *remarks) Warn(message string, args ...any) {
	q.add(newRecord(slog.LevelWarn, message), args)
}

func (q *remarks) Error(message string, args ...any) {
	q.add(newRecord(slog.LevelError, message), args)
}

func (q *remarks) add(r slog.Record, args []any) {
	r.Add(args...)
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == maxRemarks {
		return
	}
	q.waiting = append(q.waiting, r)
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.write(q.idle)
	}
}

func (q *remarks) write(idle chan struct{}) {
	defer close(idle)
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.idle = nil
			q.mu.Unlock()
			return
		}
		r := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		q.hand(r)
	}
}

// hand gives one record to the logger.
func (q *remarks) hand(r slog.Record) {
	defer func() {
		if value := recover(); value != nil {
			_, _ = fmt.Fprintf(os.Stderr, "daruma: the logger panicked (%v) at %q\n", value, r.Message)
		}
	}()
	ctx := context.Background()
	if h := q.log.Handler(); h.Enabled(ctx, r.Level) {
		_ = h.Handle(ctx, r)
	}
}

// flush waits until all has been written, or ctx is done.
func (q *remarks) flush(ctx context.Context) {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
