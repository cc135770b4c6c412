// Package wire is what the lab and its agent in a machine with a kernel of its own say to each other over a serial line: the
// one connection that needs no network. Frames of many commands share the line. Into the machine it carries only what fits
// a terminal's buffer of 4 KiB, because user-mode Linux stops reading for good when that overflows; orders and
// standard input lie in a folder that both sides see.
package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// Kind says what a frame is.
type Kind byte

// The first two go into the machine, the others come out of it.
const (
	Start  Kind = iota + 1 // the Order is in the file OrderFile, standard input in StdinFile
	Kill                   // end the command's tree
	Stdout                 // a piece of standard output
	Stderr                 // a piece of standard error
	Exit                   // the end: 4 bytes exit code, then the error's text where the command couldn't be started
)

// Order is a command to start, as JSON in a file.
type Order struct {
	Line  []string // as exec takes it
	Env   []string // all of it
	Token string   // by which its tree is known
}

// OrderFile is the name of a command's order in the shared folder.
func OrderFile(command uint32) string { return fmt.Sprintf("%d.order", command) }

// StdinFile is the name of a command's standard input in the shared folder.
func StdinFile(command uint32) string { return fmt.Sprintf("%d.stdin", command) }

// Hello comes before the agent's first frame; whatever the machine wrote to the line before it is noise.
const Hello = "\x00daruma lab agent\n"

// most is the largest payload of a frame, in bytes.
const most = 32 << 10

// Frame is one message about the command with that number.
type Frame struct {
	Kind    Kind
	Command uint32
	Payload []byte
}

// Reader takes frames off the line.
type Reader struct {
	R io.Reader
}

// Greet skips everything up to Hello.
func (r Reader) Greet() error {
	var seen []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(seen, []byte(Hello)) {
		if _, err := io.ReadFull(r.R, b); err != nil {
			return err
		}
		seen = append(seen[max(0, len(seen)-len(Hello)):], b[0])
	}
	return nil
}

// Next waits for a frame.
func (r Reader) Next() (Frame, error) {
	var head [9]byte
	if _, err := io.ReadFull(r.R, head[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Kind: Kind(head[0]), Command: binary.BigEndian.Uint32(head[1:])}
	size := binary.BigEndian.Uint32(head[5:])
	if size > most {
		return Frame{}, fmt.Errorf("a frame of %d bytes: the line lost its beat", size)
	}
	f.Payload = make([]byte, size)
	_, err := io.ReadFull(r.R, f.Payload)
	return f, err
}

// Writer puts frames on the line; it may be used by several goroutines.
type Writer struct {
	W  io.Writer
	mu sync.Mutex
}

// Send writes what the payload holds in as many frames as it takes, at least one.
func (w *Writer) Send(kind Kind, command uint32, payload []byte) error {
	for {
		piece := payload[:min(len(payload), most)]
		if err := w.frame(kind, command, piece); err != nil {
			return err
		}
		if payload = payload[len(piece):]; len(payload) == 0 {
			return nil
		}
	}
}

func (w *Writer) frame(kind Kind, command uint32, piece []byte) error {
	b := make([]byte, 9, 9+len(piece))
	b[0] = byte(kind)
	binary.BigEndian.PutUint32(b[1:], command)
	binary.BigEndian.PutUint32(b[5:], uint32(len(piece)))
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.W.Write(append(b, piece...))
	return err
}

// Stream writes each piece it is given as frames of one kind.
type Stream struct {
	To      *Writer
	Kind    Kind
	Command uint32
}

// Write sends b.
func (s Stream) Write(b []byte) (int, error) { return len(b), s.To.Send(s.Kind, s.Command, b) }
