package logs

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// poller reports the copiers that have something to read. It is an epoll instance of its own, itself watched by Go's
// poller: one parked goroutine for all pipes and no thread that waits.
type poller struct {
	file *os.File
	fd   int
	done chan struct{}

	mu      sync.Mutex
	next    int32
	copiers map[int32]*Copier
}

func newPoller(ready func(*Copier)) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // what makes os.NewFile hand it to Go's poller
		unix.Close(fd)
		return nil, err
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll"), fd: fd, done: make(chan struct{}), copiers: map[int32]*Copier{}}
	conn, err := p.file.SyscallConn()
	if err != nil {
		p.file.Close()
		return nil, err
	}
	go func() {
		defer close(p.done)
		var events [64]unix.EpollEvent
		conn.Read(func(uintptr) bool { // returns when the file is closed
			p.collect(events[:], ready)
			return false
		})
	}()
	return p, nil
}

// collect passes on everything that is ready: Go's poller is edge-triggered and won't report again.
func (p *poller) collect(events []unix.EpollEvent, ready func(*Copier)) {
	for {
		n, err := unix.EpollWait(p.fd, events, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		for _, e := range events[:n] {
			p.mu.Lock()
			c := p.copiers[e.Fd]
			p.mu.Unlock()
			if c != nil {
				ready(c)
			}
		}
	}
}

// add makes c known; it isn't reported before the first rearm.
func (p *poller) add(c *Copier) error {
	p.mu.Lock()
	p.next++
	c.pollID = p.next
	p.copiers[c.pollID] = c
	p.mu.Unlock()
	err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, c.pipe.fd, &unix.EpollEvent{Events: unix.EPOLLONESHOT, Fd: c.pollID})
	if err != nil {
		p.mu.Lock()
		delete(p.copiers, c.pollID)
		p.mu.Unlock()
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// rearm has c reported once, as soon as there is something to read or no writer any more.
func (p *poller) rearm(c *Copier) {
	unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, c.pipe.fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: c.pollID})
}

// remove must come before the descriptor is closed: the keeper's duplicate keeps the file description alive,
// and with it the registration.
func (p *poller) remove(c *Copier) {
	unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, c.pipe.fd, nil)
	p.mu.Lock()
	delete(p.copiers, c.pollID)
	p.mu.Unlock()
}

func (p *poller) close() {
	p.file.Close()
	<-p.done
}
