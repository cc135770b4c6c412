package tree

import (
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Port is the completion port at which jobs report that their last process has ended.
//
// Microsoft doesn't promise that these messages arrive, so nothing depends on them: a tree that is ending is checked again
// in any case. They make it quicker.
// Source: https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-jobobject_associate_completion_port
type Port struct {
	handle windows.Handle
	mu     sync.Mutex
	serial uintptr
	calls  map[uintptr]func()
}

const (
	msgActiveProcessZero = 4 // JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO
	lastMessage          = 0 // the port's user closes it
)

// OpenPort makes one.
func OpenPort() (*Port, error) {
	h, err := windows.CreateIoCompletionPort(windows.InvalidHandle, 0, 0, 1)
	if err != nil {
		return nil, os.NewSyscallError("CreateIoCompletionPort", err)
	}
	p := &Port{handle: h, calls: map[uintptr]func(){}}
	go p.run()
	return p, nil
}

// Add has empty called, from another goroutine, when the job has become empty.
func (p *Port) Add(j *Job, empty func()) error {
	p.mu.Lock()
	p.serial++
	serial := p.serial
	p.calls[serial] = empty
	p.mu.Unlock()
	j.forget = func() {
		p.mu.Lock()
		delete(p.calls, serial)
		p.mu.Unlock()
	}
	to := struct { // JOBOBJECT_ASSOCIATE_COMPLETION_PORT
		key  uintptr
		port windows.Handle
	}{serial, p.handle}
	return j.set(windows.JobObjectAssociateCompletionPortInformation, unsafe.Pointer(&to), unsafe.Sizeof(to))
}

func (p *Port) run() {
	for {
		var message uint32
		var serial uintptr
		var pid *windows.Overlapped // the process' id in place of a pointer; of no use here
		if err := windows.GetQueuedCompletionStatus(p.handle, &message, &serial, &pid, windows.INFINITE); err != nil || message == lastMessage {
			windows.CloseHandle(p.handle)
			return
		}
		if message != msgActiveProcessZero {
			continue
		}
		p.mu.Lock()
		call := p.calls[serial]
		p.mu.Unlock()
		if call != nil {
			call()
		}
	}
}

// Close ends it; no further function is called.
func (p *Port) Close() { _ = windows.PostQueuedCompletionStatus(p.handle, lastMessage, 0, nil) }
