package wire

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/windows"
)

// readSize is how many bytes are read at once.
const readSize = 64 << 10

type descriptor = windows.Handle

// pipe is the supervisor's end of the two pipes to its keeper.
type pipe struct {
	from, to *os.File
	raw      []byte // read, but no whole piece yet
}

func (p *pipe) Write(data []byte) (int, error) { return p.to.Write(data) }

// errPeerGone is what reading gives, besides io.EOF, when the keeper has ended.
const errPeerGone = windows.ERROR_BROKEN_PIPE

func connect() (pipe, error) {
	read, write, ok := strings.Cut(os.Getenv(linkVariable), ",")
	r, err1 := strconv.ParseUint(read, 10, 64)
	w, err2 := strconv.ParseUint(write, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return pipe{}, errByHand
	}
	os.Unsetenv(linkVariable)
	for _, h := range []uint64{r, w} {
		if kind, err := windows.GetFileType(windows.Handle(h)); err != nil || kind != windows.FILE_TYPE_PIPE {
			return pipe{}, errByHand
		}
		if err := windows.SetHandleInformation(windows.Handle(h), windows.HANDLE_FLAG_INHERIT, 0); err != nil {
			return pipe{}, fmt.Errorf("the pipe to the keeper: %w", err)
		}
	}
	return pipe{from: os.NewFile(uintptr(r), "keeper"), to: os.NewFile(uintptr(w), "keeper")}, nil
}

// fill reads once, and takes whole pieces apart.
func (l *Link) fill(buf []byte) error {
	p := &l.pipe
	n, err := p.from.Read(buf)
	if err != nil {
		return err
	}
	p.raw = append(p.raw, buf[:n]...)
	for len(p.raw) >= pieceHeader {
		handles, bytes := int(binary.LittleEndian.Uint32(p.raw)), int(binary.LittleEndian.Uint32(p.raw[4:]))
		if handles > maxItems || bytes > MaxFrame+BatchBytes {
			return ErrMalformed
		}
		if len(p.raw) < pieceHeader+8*handles+bytes {
			return nil
		}
		rest := p.raw[pieceHeader:]
		for range handles {
			l.files = append(l.files, windows.Handle(binary.LittleEndian.Uint64(rest)))
			rest = rest[8:]
		}
		l.in = append(l.in, rest[:bytes]...)
		p.raw = append(p.raw[:0], rest[bytes:]...)
	}
	return nil
}
