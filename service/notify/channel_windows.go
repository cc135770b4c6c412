package notify

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

type pipe struct{ h windows.Handle }

// pipeNoWait is PIPE_NOWAIT: WriteFile on a byte pipe writes what its buffer holds and returns at once. Microsoft calls it
// a relic of LAN Manager and recommends overlapped writes. Those need a handle that was made for them, and this one may not have been. Source: learn.microsoft.com, "SetNamedPipeHandleState function".
const pipeNoWait = 1

// takePipe checks that the value is a pipe's handle: a variable can outlive its pipe.
func takePipe(number uintptr) (pipe, error) {
	h := windows.Handle(number)
	kind, err := windows.GetFileType(h)
	if err != nil {
		return pipe{}, fmt.Errorf("no such handle: %w", err)
	}
	if kind != windows.FILE_TYPE_PIPE {
		return pipe{}, errors.New("the handle is no pipe's")
	}
	if err := windows.SetHandleInformation(h, windows.HANDLE_FLAG_INHERIT, 0); err != nil {
		return pipe{}, os.NewSyscallError("SetHandleInformation", err)
	}
	mode := uint32(pipeNoWait)
	if err := windows.SetNamedPipeHandleState(h, &mode, nil, nil); err != nil {
		return pipe{}, os.NewSyscallError("SetNamedPipeHandleState", err)
	}
	return pipe{h}, nil
}

// write gives the number of bytes that the pipe took: with PIPE_NOWAIT as many as its buffer holds.
func (p pipe) write(b []byte) (int, error) {
	var n uint32
	if err := windows.WriteFile(p.h, b, &n, nil); err != nil {
		return 0, os.NewSyscallError("WriteFile", err)
	}
	return int(n), nil
}

func (p pipe) close() error { return windows.CloseHandle(p.h) }

// drained waits until the reader has taken everything: then FlushFileBuffers returns. It has no limit of its own; where nobody reads,
// it is left behind with its goroutine, for the process is about to end.
func (p pipe) drained(limit time.Duration) bool {
	flushed := make(chan error, 1)
	go func() { flushed <- windows.FlushFileBuffers(p.h) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-flushed:
		return err == nil
	case <-timer.C:
		return false
	}
}
