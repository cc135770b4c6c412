// Package asynclog logs without waiting for the logger.
//
// A service may bring any slog.Logger. It may wait for its output, panic, or call back into the library. So neither the
// library's main loop nor a goroutine that holds a lock may call it. A [Logger] calls it in a goroutine of its own.
package asynclog

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"
)

// Logger passes records to a logger, in order, in a goroutine that exists while there is something to write. Its methods never
// wait and may be called from any goroutine.
type Logger struct {
	log *slog.Logger

	mu      sync.Mutex
	waiting []slog.Record
	idle    chan struct{} // closed when the goroutine has ended; nil: there is none
}

// maxWaiting bounds the records that wait for a logger that hangs; more are dropped.
const maxWaiting = 256

// New makes a logger that writes to log.
func New(log *slog.Logger) *Logger { return &Logger{log: log} }

// Info logs at slog.LevelInfo; args are those of slog.Logger.Info.
func (l *Logger) Info(message string, args ...any) {
	l.add(newRecord(slog.LevelInfo, message), args)
}

// Warn logs at slog.LevelWarn.
func (l *Logger) Warn(message string, args ...any) {
	l.add(newRecord(slog.LevelWarn, message), args)
}

// Error logs at slog.LevelError.
func (l *Logger) Error(message string, args ...any) {
	l.add(newRecord(slog.LevelError, message), args)
}

// newRecord makes a record whose source is the caller's caller.
func newRecord(level slog.Level, message string) slog.Record {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	return slog.NewRecord(time.Now(), level, message, pcs[0])
}

func (l *Logger) add(r slog.Record, args []any) {
	r.Add(args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == maxWaiting {
		return
	}
	l.waiting = append(l.waiting, r)
	if l.idle == nil {
		l.idle = make(chan struct{})
		go l.writeAll(l.idle)
	}
}

func (l *Logger) writeAll(idle chan struct{}) {
	defer close(idle)
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.idle = nil
			l.mu.Unlock()
			return
		}
		r := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		l.write(r)
	}
}

func (l *Logger) write(r slog.Record) {
	defer func() {
		if value := recover(); value != nil {
			_, _ = fmt.Fprintf(os.Stderr, "daruma: the logger panicked (%v) at %q\n", value, r.Message)
		}
	}()
	ctx := context.Background()
	if h := l.log.Handler(); h.Enabled(ctx, r.Level) {
		_ = h.Handle(ctx, r)
	}
}

// Flush waits until all records were written, or ctx is done.
func (l *Logger) Flush(ctx context.Context) {
	l.mu.Lock()
	idle := l.idle
	l.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
