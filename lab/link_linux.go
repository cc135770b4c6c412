package lab

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/daruma-sh/daruma/lab/wire"
)

// link is the host's end of the serial line to a machine's agent.
type link struct {
	share   string        // the folder that the machine sees
	greeted chan struct{} // closed when the agent has said hello
	to      *wire.Writer
	ends    []*os.File

	mu       sync.Mutex
	closed   bool
	last     uint32
	commands map[uint32]*remote
}

// remote is a command that runs at the other end.
type remote struct {
	link    *link
	number  uint32
	command Command
	done    chan struct{} // closed when exit and err are final
	exit    int
	err     error
}

func connect(to, from *os.File, share string) *link {
	l := &link{share: share, greeted: make(chan struct{}), to: &wire.Writer{W: to}, ends: []*os.File{to, from}, commands: map[uint32]*remote{}}
	go l.listen(wire.Reader{R: bufio.NewReaderSize(from, 64<<10)})
	return l
}

func (l *link) close() {
	for _, f := range l.ends {
		f.Close()
	}
}

func (l *link) listen(in wire.Reader) {
	if in.Greet() == nil {
		close(l.greeted)
		for {
			f, err := in.Next()
			if err != nil {
				break
			}
			l.take(f)
		}
	}
	// The machine is off: what ran in it was killed with it.
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, r := range l.commands {
		r.exit = 128 + 9
		close(r.done)
	}
	clear(l.commands)
}

func (l *link) take(f wire.Frame) {
	l.mu.Lock()
	r := l.commands[f.Command]
	l.mu.Unlock()
	if r == nil {
		return
	}
	switch f.Kind {
	case wire.Stdout:
		r.command.Stdout.Write(f.Payload)
	case wire.Stderr:
		r.command.Stderr.Write(f.Payload)
	case wire.Exit:
		r.exit = int(int32(binary.BigEndian.Uint32(f.Payload)))
		if text := string(f.Payload[4:]); text != "" {
			r.err = errors.New(text)
		}
		os.Remove(filepath.Join(l.share, wire.StdinFile(f.Command))) // it may be large, and lies in memory
		l.mu.Lock()
		delete(l.commands, f.Command)
		l.mu.Unlock()
		close(r.done)
	}
}

func (l *link) start(line, env []string, c Command, token string) (handle, error) {
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
	r, err := l.register(c)
	if err != nil {
		return nil, err
	}
	if err := r.write(wire.Order{Line: line, Env: env, Token: token}); err != nil {
		return nil, err
	}
	return r, l.to.Send(wire.Start, r.number, nil)
}

func (l *link) register(c Command) (*remote, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.New("the machine is off")
	}
	l.last++
	r := &remote{link: l, number: l.last, command: c, done: make(chan struct{})}
	l.commands[r.number] = r
	return r, nil
}

// write leaves the order and standard input where the agent finds them.
func (r *remote) write(o wire.Order) error {
	order, err := json.Marshal(o)
	if err != nil {
		return err
	}
	stdin, err := os.Create(filepath.Join(r.link.share, wire.StdinFile(r.number)))
	if err != nil {
		return err
	}
	defer stdin.Close()
	if r.command.Stdin != nil {
		if _, err := io.Copy(stdin, r.command.Stdin); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(r.link.share, wire.OrderFile(r.number)), order, 0o600)
}

func (r *remote) wait() (int, error) {
	<-r.done
	return r.exit, r.err
}

func (r *remote) kill() error { return r.link.to.Send(wire.Kill, r.number, nil) }
