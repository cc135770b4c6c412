package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/service/internal/stdio"
	"github.com/daruma-sh/daruma/service/log"
)

// errGoexit: runtime.Goexit ends a goroutine without a panic and without a result; t.FailNow does.
var errGoexit = errors.New("ended by runtime.Goexit")

// launch calls f in a goroutine of its own and posts its result. A panic becomes an error with its stack. runtime.Goexit becomes an error, too:
// the runner waits for an answer.
func (r *runner) launch(name string, f func() error, answer func(error) message) {
	go func() {
		err := fmt.Errorf("%s: %w", name, errGoexit)
		defer func() {
			if value := recover(); value != nil {
				err = &PanicError{In: name, Value: value, Stack: debug.Stack()}
			}
			r.mail.post(answer(err))
		}()
		if err = f(); err != nil {
			_, _ = err.Error(), ExitCode(err) // the service's own methods, which may panic: often of a nil pointer that was made an error
		}
	}()
}

// logFailure writes why the service failed.
func (r *runner) logFailure(err error) {
	var panicked *PanicError
	if errors.As(err, &panicked) {
		r.log.Error(panicked.Error(), "code", ExitPanicked, "stack", string(panicked.Stack))
		return
	}
	r.log.Error("the service failed", "error", err, "code", ExitCode(err))
}

// maxStacks bounds the dump: a service with a goroutine leak has millions of them.
const maxStacks = 16 << 20

// stacks are those of all goroutines.
func stacks() string {
	for size := 1 << 16; ; size *= 4 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= maxStacks {
			return string(buf[:n])
		}
	}
}

// maxLoggedStacks bounds how much of the stacks is logged. The log's queue, the journal and the Event Log have bounds of their own and refuse
// a longer record as a whole. stderr gets all.
const maxLoggedStacks = 128 << 10

// ownLog reports whether the log is one of package service/log.
func (r *runner) ownLog() bool {
	if r.service.Logger == nil {
		return true
	}
	_, own := r.service.Logger.Handler().(*log.Handler)
	return own
}

// writeStacks writes why the process is ended and where all its goroutines stand, to the log, and to stderr unless the log is one of
// package service/log and has taken them all. It takes endTimeout at most. What hangs may be the disk or the pipe that it writes to, so each gets half of the time.
func (r *runner) writeStacks(why string) {
	if r.code == ExitInterrupted { // a person at the keyboard wants no stacks, but the last lines of the log
		ctx, cancel := context.WithTimeout(context.Background(), endTimeout/10)
		defer cancel()
		_ = r.drain(ctx)
		return
	}
	dump := stacks()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.log.Error(why, "code", r.code)
		r.log.Error("where all goroutines stand", "code", r.code, "stacks", dump[:min(len(dump), maxLoggedStacks)])
		ctx, cancel := context.WithTimeout(context.Background(), endTimeout/2)
		defer cancel()
		r.log.Flush(ctx)
		if err := r.drain(ctx); err == nil && r.ownLog() && len(dump) <= maxLoggedStacks {
			return // our own log has them: in a terminal, a container or the journal they would stand twice
		}
		_, _ = fmt.Fprintf(withoutSignal(r.stderr), "%s: %s\n\n%s\n", r.service.Name, because(r.code, why), dump)
	}()
	limit := time.NewTimer(endTimeout)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	}
}

// withoutSignal is w. Where that is stderr, it is a duplicate: a write to stderr whose reader is gone ends the process by SIGPIPE,
// which systemd takes for a clean end.
func withoutSignal(w io.Writer) io.Writer {
	if file, ok := w.(*os.File); ok {
		if own, err := stdio.WithoutSIGPIPE(file); err == nil {
			return own
		}
	}
	return w
}

// maxStatus bounds a status text, in bytes. systemd ignores a message of more than 4,096 bytes as a whole.
const maxStatus = 1000

// shortLine is singleLine of text, cut to what a status holds.
func shortLine(text string) string {
	if len(text) > maxStatus {
		end := maxStatus
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return singleLine(text)
}

// singleLine makes one line of text: control characters become spaces.
func singleLine(text string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text))
}
