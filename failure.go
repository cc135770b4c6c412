package daruma

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// errGoexit: runtime.Goexit ends a goroutine without a panic and without a result; t.FailNow does.
var errGoexit = errors.New("ended by runtime.Goexit")

// launch calls f in a goroutine of its own and posts what became of it. A panic becomes an error with its stack; so does
// runtime.Goexit, for the runner waits for an answer.
func (r *runner) launch(name string, f func() error, answer func(error) message) {
	go func() {
		err := fmt.Errorf("%s: %w", name, errGoexit)
		defer func() {
			if value := recover(); value != nil {
				err = &PanicError{In: name, Value: value, Stack: debug.Stack()}
			}
			r.mail.post(answer(err))
		}()
		err = f()
	}()
}

// logFailure writes why the service failed.
func (r *runner) logFailure(err error) {
	var panicked *PanicError
	if errors.As(err, &panicked) {
		r.log.Error(panicked.Error(), "code", int(ExitPanicked), "stack", string(panicked.Stack))
		return
	}
	r.log.Error("the service failed", "error", err, "code", int(CodeOf(err)))
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

// lastWords writes why the process is ended and where all its goroutines stand, to stderr and to the log. It takes
// lastWords at most: what hangs may be the disk or the pipe that it writes to.
func (r *runner) lastWords(why string) {
	if r.code == ExitInterrupted {
		return // somebody who waits at the keyboard wants no stacks
	}
	dump := stacks()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = fmt.Fprintf(r.stderr, "%s: %v: %s\n\n%s\n", r.service.Name, r.code, why, dump)
		r.log.Error(why, "code", int(r.code), "stacks", dump)
		ctx, cancel := context.WithTimeout(context.Background(), lastWords)
		defer cancel()
		_ = r.drain(ctx)
	}()
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	}
}

// singleLine makes text fit for a protocol of lines.
func singleLine(text string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text))
}
