package keeper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// linkFD is where the supervisor finds its end of the socket pair.
const linkFD = 3

// Link is the supervisor's end. Receive belongs to one goroutine, Send and Flush to one (other) goroutine.
type Link struct {
	conn *net.UnixConn
	out  []byte
	in   []byte
	fds  []int
}

// Connect takes up the connection to the keeper that started this process.
func Connect() (*Link, error) {
	unix.CloseOnExec(linkFD)
	f := os.NewFile(linkFD, "keeper")
	if f == nil {
		return nil, errors.New("the supervisor is started by the keeper, not by hand; use: daruma run")
	}
	c, err := net.FileConn(f)
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("the supervisor is started by the keeper, not by hand; use: daruma run (%w)", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("file descriptor 3 is no socket of a keeper")
	}
	return &Link{conn: u}, nil
}

// errTruncated: this process had no file descriptor free for what the keeper sent.
var errTruncated = errors.New("too many open files: a pipe that the keeper sent couldn't be taken")

// Gone says whether an error of Receive means that the keeper has ended. Any other is our own: then the next supervisor
// gets everything once more.
func Gone(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) }

// Send queues a message until Flush.
func (l *Link) Send(m Message) { l.out = appendFrame(l.out, m, 0) }

// Flush writes what was queued. The keeper always reads, so this doesn't wait for long.
func (l *Link) Flush() error {
	if len(l.out) == 0 {
		return nil
	}
	_, err := l.conn.Write(l.out)
	if l.out = l.out[:0]; cap(l.out) > 256<<10 {
		l.out = nil
	}
	return err
}

// FlushAbove writes what was queued if it is more than n bytes. A failure shows at the next Flush.
func (l *Link) FlushAbove(n int) {
	if len(l.out) > n {
		_ = l.Flush()
	}
}

// Receive waits for the next message and the files that came with it. io.EOF: the keeper is gone.
func (l *Link) Receive() (Message, []*os.File, error) {
	var buf []byte
	for {
		m, n, rest, ok, err := nextFrame(l.in)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			if n > len(l.fds) {
				return nil, nil, errFrame
			}
			files := make([]*os.File, 0, n)
			for _, fd := range l.fds[:n] {
				files = append(files, os.NewFile(uintptr(fd), "output"))
			}
			l.fds = l.fds[n:]
			if l.in = rest; len(rest) == 0 {
				l.in = nil
			}
			return m, files, nil
		}
		if buf == nil {
			buf = make([]byte, 16<<10)
		}
		if err := l.fill(buf); err != nil {
			return nil, nil, err
		}
	}
}

// More says that a whole message has been read already: the next Receive won't wait.
func (l *Link) More() bool {
	return len(l.in) >= header && uint64(binary.LittleEndian.Uint32(l.in)) <= uint64(len(l.in)-4)
}

// fill reads once. The kernel never mixes the file descriptors of two messages, but bytes it may: so both are queues,
// and each frame says how many descriptors are its own.
func (l *Link) fill(buf []byte) error {
	var oob [512]byte
	n, oobn, flags, _, err := l.conn.ReadMsgUnix(buf, oob[:])
	if err != nil {
		return err
	}
	if flags&unix.MSG_CTRUNC != 0 {
		return errTruncated
	}
	l.in = append(l.in, buf[:n]...)
	if oobn == 0 {
		return nil
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return err
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return err
		}
		l.fds = append(l.fds, fds...)
	}
	return nil
}

// Undertake ends what a keeper left that died without being able to. The supervisor calls it when its Link breaks.
// Whatever it can't reach, the next keeper clears away. mains are the pids of the runs that lived.
//
// Without a cgroup, parent-death signals end the main processes, and the mark in the environment tells who else belongs to
// them. But a program that shows a title in ps (nginx, PostgreSQL) has written it over its environment: its children are
// known by their session, whose number is the main process's.
//
// Nothing happens where the keeper turns out to live: not every broken Link is a dead keeper.
func Undertake(h *Hello, mains []int) {
	// The kernel closes a dying process' files first and gives its children away last.
	for end := Now() + 2*time.Second; os.Getppid() == h.KeeperPID; time.Sleep(time.Millisecond) {
		if Now() > end {
			return
		}
	}
	if h.Cgroup != "" {
		removeCgroup(h.Cgroup)
		return
	}
	ours := strays{mark: h.Mark + "/", prefix: true}
	killStrays(ours)
	if ours.sessions = leaderless(mains, time.Second); len(ours.sessions) > 0 {
		killStrays(ours)
	}
}

// leaderless gives the sessions that have lost their leader, and waits that long for those about to lose it. While a
// session has members its number is given to nobody else, so a leader that lives on is a stranger who got the number.
func leaderless(leaders []int, patience time.Duration) map[int]bool {
	lost := map[int]bool{}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		for _, pid := range leaders {
			if p, ok := look(pid); !ok || p.dead {
				lost[pid] = true
			}
		}
		if len(lost) == len(leaders) || time.Now().After(end) {
			return lost
		}
	}
}
