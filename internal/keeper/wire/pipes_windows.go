package wire

import (
	"encoding/binary"
	"os"
	"strconv"

	"golang.org/x/sys/windows"
)

// linkVariable tells the supervisor the two pipe ends it has inherited: reading, writing.
const linkVariable = "DARUMA_LINK"

// Pipes are both ends of the connection between a keeper and the supervisor that it is about to start.
type Pipes struct {
	Down, Up *os.File          // the keeper's: to the supervisor, from it
	Theirs   [2]windows.Handle // the supervisor's, inheritable; the keeper closes them once the supervisor has them
}

// NewPipes makes a pipe for each direction.
func NewPipes() (Pipes, error) {
	var r1, w1, r2, w2 windows.Handle
	err := windows.CreatePipe(&r1, &w1, nil, 64<<10)
	if err == nil {
		err = windows.CreatePipe(&r2, &w2, nil, 64<<10)
	}
	theirs := [2]windows.Handle{r1, w2}
	for _, h := range theirs {
		if err == nil {
			err = windows.SetHandleInformation(h, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT)
		}
	}
	if err != nil {
		for _, h := range []windows.Handle{r1, w1, r2, w2} {
			if h != 0 {
				windows.CloseHandle(h)
			}
		}
		return Pipes{}, os.NewSyscallError("making pipes to the supervisor", err)
	}
	return Pipes{Down: os.NewFile(uintptr(w1), "to the supervisor"), Up: os.NewFile(uintptr(r2), "from the supervisor"), Theirs: theirs}, nil
}

// Variable is the environment variable by which the supervisor finds its ends.
func (p *Pipes) Variable() string {
	return linkVariable + "=" + strconv.Itoa(int(p.Theirs[0])) + "," + strconv.Itoa(int(p.Theirs[1]))
}

// What goes over the pipe to the supervisor are pieces: u32 number of handles, u32 bytes of frames, the handles as u64,
// the frames. The handles are the supervisor's already when it reads them; each frame says how many are its own.
const pieceHeader = 8

// Piece is what the keeper writes to hand over frames and the handles that belong to them, in the frames' order. The handles' values
// are those that they have in the supervisor.
func Piece(frames []byte, theirs []windows.Handle) []byte {
	piece := make([]byte, pieceHeader, pieceHeader+8*len(theirs)+len(frames))
	binary.LittleEndian.PutUint32(piece, uint32(len(theirs)))
	binary.LittleEndian.PutUint32(piece[4:], uint32(len(frames)))
	for _, h := range theirs {
		piece = binary.LittleEndian.AppendUint64(piece, uint64(h))
	}
	return append(piece, frames...)
}
