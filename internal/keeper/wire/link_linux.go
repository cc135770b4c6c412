package wire

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// linkFD is where the supervisor finds its end of the socket pair.
const linkFD = 3

// readSize is how many bytes are read at once.
const readSize = 16 << 10

type descriptor = int

// pipe is the supervisor's end of the socket pair. Files travel over it as SCM_RIGHTS: see unix(7).
type pipe struct{ *net.UnixConn }

// errPeerGone is what reading gives, besides io.EOF, when the keeper has ended.
const errPeerGone = unix.ECONNRESET

// errTruncated: this process had no file descriptor free for what the keeper sent.
var errTruncated = errors.New("too many open files: a pipe that the keeper sent couldn't be taken")

func connect() (pipe, error) {
	unix.CloseOnExec(linkFD)
	f := os.NewFile(linkFD, "keeper")
	if f == nil {
		return pipe{}, errByHand
	}
	c, err := net.FileConn(f)
	f.Close()
	if err != nil {
		return pipe{}, fmt.Errorf("%w (%w)", errByHand, err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return pipe{}, errors.New("file descriptor 3 isn't a socket of a keeper")
	}
	return pipe{u}, nil
}

// fill reads once. The kernel never joins the file descriptors of two messages, but it may join their bytes: so both are queues,
// and each frame says how many descriptors are its own.
func (l *Link) fill(buf []byte) error {
	var oob [512]byte
	n, oobn, flags, _, err := l.pipe.ReadMsgUnix(buf, oob[:])
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
		l.files = append(l.files, fds...)
	}
	return nil
}
