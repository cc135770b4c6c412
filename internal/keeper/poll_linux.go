package keeper

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/mailbox"
)

// poller calls a function when a file descriptor has something to say. A raw epoll rather than Go's netpoller: pidfds
// and cgroup.events aren't files that package os polls, and one thread is all there must be.
type poller struct {
	fd     int
	calls  map[int32]func()
	events [64]unix.EpollEvent

	mail *mailbox.Mailbox
	bell int // eventfd that wakes the loop
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &poller{fd: fd, calls: map[int32]func(){}, mail: mailbox.New()}
	if p.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, err
	}
	return p, p.add(p.bell, unix.EPOLLIN, p.callPosted)
}

// post has f called by the loop; whoever posts never waits.
func (p *poller) post(f func()) {
	p.mail.Post(f)
	_, _ = unix.Write(p.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (p *poller) callPosted() {
	var buf [8]byte
	_, _ = unix.Read(p.bell, buf[:])
	p.mail.Run()
}

func (p *poller) add(fd int, events uint32, call func()) error {
	p.calls[int32(fd)] = call
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p *poller) modify(fd int, events uint32) {
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// remove must come before the close: a duplicate elsewhere would keep the registration alive.
func (p *poller) remove(fd int) {
	delete(p.calls, int32(fd))
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil)
}

// wait sleeps up to d (negative: without end) and calls what is due.
func (p *poller) wait(d time.Duration) {
	ms := -1
	if d >= 0 {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.fd, p.events[:], ms)
	if err != nil {
		return // EINTR: whatever it was, the loop looks at everything again
	}
	for _, e := range p.events[:n] {
		if call := p.calls[e.Fd]; call != nil {
			call()
		}
	}
}
