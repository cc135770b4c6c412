package notify

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

// Channel is the program's end of the pipe. Its methods may be called from any goroutine.
type Channel struct {
	// Period is how long the supervisor waits for a WATCHDOG=1; 0: it wants none.
	Period time.Duration

	mu      sync.Mutex
	pipe    pipe
	closed  bool
	tail    []byte    // the rest of a piece of which the pipe took a part; it goes first
	unsent  []Message // at most one for each key (but see keep), in the order of Send
	retry   *time.Timer
	scratch []byte
}

// Open takes the channel that this process was given, and removes its variables from the environment. Call it once, before you
// start a process that could inherit them. Without a channel both results are nil. An error says why the variable's
// value can't be a channel; the program can go on without one.
func Open() (*Channel, error) {
	number, given := os.LookupEnv(EnvChannel)
	period := os.Getenv(EnvWatchdog)
	_ = os.Unsetenv(EnvChannel)
	_ = os.Unsetenv(EnvWatchdog)
	if !given {
		return nil, nil
	}
	n, err := strconv.ParseUint(number, 10, strconv.IntSize-1)
	if err != nil {
		return nil, fmt.Errorf("%s: not a number: %q", EnvChannel, number)
	}
	p, err := takePipe(uintptr(n))
	if err != nil {
		return nil, fmt.Errorf("%s=%d: %w", EnvChannel, n, err)
	}
	c := &Channel{pipe: p}
	if seconds, err := strconv.ParseFloat(period, 64); err == nil && seconds > 0 && seconds < 1e9 {
		c.Period = time.Duration(seconds * float64(time.Second))
	}
	return c, nil
}

// retryAfter is the time until a pipe that was full is tried again.
const retryAfter = 250 * time.Millisecond

// Send sends the messages, in this order, without waiting. What a full pipe doesn't take is sent later, unless a newer message with
// the same key has replaced it by then. An error says that nobody will ever read it: daruma's keeper is gone, or the channel is closed
// (os.ErrClosed).
func (c *Channel) Send(messages ...Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return os.ErrClosed
	}
	for _, m := range messages {
		c.keep(m)
	}
	return c.flush()
}

// keep puts m behind everything unsent. An older message with its key goes; but of READY=1 followed by READY=0 both count, because
// the first one ends the start: it is kept while there is only one.
func (c *Channel) keep(m Message) {
	for i, old := range c.unsent {
		if old.Key == m.Key && (m.Key != Ready || old.Value != "1" || m.Value == "1") {
			c.unsent = append(c.unsent[:i], c.unsent[i+1:]...)
			break
		}
	}
	c.unsent = append(c.unsent, m)
}

// flush writes what waits, in pieces of whole lines, each shorter than PIPE_BUF. Linux takes such a piece whole or not at all.
// Windows may take a part of it, and then lines of several writers may mix.
func (c *Channel) flush() error {
	for len(c.tail) > 0 || len(c.unsent) > 0 {
		if len(c.tail) == 0 {
			c.tail = c.compose()
		}
		n, err := c.pipe.write(c.tail)
		if err != nil {
			c.tail, c.unsent = nil, nil
			return err
		}
		if n < len(c.tail) {
			c.tail = c.tail[n:]
			c.tryAgain()
			return nil
		}
		c.tail = nil
	}
	return nil
}

// compose makes a piece of as many messages as fit.
func (c *Channel) compose() []byte {
	buf, n := c.scratch[:0], 0
	for n < len(c.unsent) && len(buf)+MaxLine <= 4*MaxLine {
		buf = Append(buf, c.unsent[n])
		n++
	}
	c.scratch = buf
	c.unsent = append(c.unsent[:0], c.unsent[n:]...)
	return buf
}

func (c *Channel) tryAgain() {
	if c.retry == nil {
		c.retry = time.AfterFunc(retryAfter, c.again)
		return
	}
	c.retry.Reset(retryAfter)
}

func (c *Channel) again() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		_ = c.flush()
	}
}

// Drained waits until the supervisor has read all that was sent, for limit at most, and reports whether it has. Call it before
// the program ends, where the last message is the reason: the supervisor hears of the end on another path, and could hear of it first.
func (c *Channel) Drained(limit time.Duration) bool {
	c.mu.Lock()
	closed, left := c.closed, len(c.tail)+len(c.unsent)
	c.mu.Unlock()
	return !closed && left == 0 && c.pipe.drained(limit)
}

// Close closes the channel. What a full pipe hasn't taken by then is lost. To close twice is the same as once.
func (c *Channel) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if c.retry != nil {
		c.retry.Stop()
	}
	return c.pipe.close()
}
