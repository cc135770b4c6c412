package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Process is a command that runs in a machine.
type Process struct {
	name           string
	handle         handle
	stdout, stderr output
	done           chan struct{} // closed when exit and err are final
	exit           int
	err            error
}

func (m *Machine) start(c Command) (*Process, error) {
	p := &Process{name: c.Path, done: make(chan struct{})}
	p.stdout.also, p.stderr.also = c.Stdout, c.Stderr
	c.Stdout, c.Stderr = &p.stdout, &p.stderr
	var err error
	if p.handle, err = m.bench.start(c, rand.Text()); err != nil {
		return nil, fmt.Errorf("starting %s in the machine: %w", c.Path, err)
	}
	go func() {
		p.exit, p.err = p.handle.wait()
		p.stdout.end()
		p.stderr.end()
		close(p.done)
	}()
	return p, nil
}

// Wait waits until the command has ended. When ctx ends first, the command is killed with its tree, and the error says so
// with ctx's cause; what it had written until then is in the result.
func (p *Process) Wait(ctx context.Context) (Result, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		if err := p.Kill(); err != nil {
			return p.result(), err
		}
		return p.result(), fmt.Errorf("%s was killed: %w", p.name, context.Cause(ctx))
	}
	return p.result(), p.err
}

// Kill ends the command, at once and with its tree, and waits until it has.
func (p *Process) Kill() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	for deadline := time.After(10 * time.Second); ; {
		if err := p.handle.kill(); err != nil {
			return fmt.Errorf("killing %s: %w", p.name, err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(time.Second):
		case <-deadline:
			return fmt.Errorf("%s doesn't end though it was killed", p.name)
		}
	}
}

// Done is closed when the command has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Await waits until standard output contains text and gives the output so far. It fails when the command ends without it
// or ctx ends.
func (p *Process) Await(ctx context.Context, text string) (string, error) {
	for {
		s, more, ended := p.stdout.look()
		if strings.Contains(s, text) {
			return s, nil
		}
		if ended {
			return s, fmt.Errorf("%s ended without writing %q: %v", p.name, text, p.result())
		}
		select {
		case <-more:
		case <-ctx.Done():
			return s, fmt.Errorf("%s hasn't written %q, but %q: %w", p.name, text, s, context.Cause(ctx))
		}
	}
}

func (p *Process) result() Result {
	stdout, _, _ := p.stdout.look()
	stderr, _, _ := p.stderr.look()
	r := Result{Stdout: []byte(stdout), Stderr: []byte(stderr), ExitCode: -1}
	select {
	case <-p.done:
		r.ExitCode = p.exit
	default:
	}
	return r
}

// output keeps what was written and wakes who waits for more.
type output struct {
	also io.Writer

	mu    sync.Mutex
	buf   bytes.Buffer
	more  chan struct{} // closed at the next write, nil where nobody waits
	ended bool
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Write(b)
	o.wake()
	if o.also != nil {
		return o.also.Write(b)
	}
	return len(b), nil
}

func (o *output) wake() {
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.wake()
}

func (o *output) look() (text string, more <-chan struct{}, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.buf.String(), o.more, o.ended
}
