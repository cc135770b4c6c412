package poll

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/mailbox"
)

// Poller calls a function when a file descriptor is ready. A raw epoll rather than Go's netpoller: pidfds
// and cgroup.events aren't files that package os polls, and one thread is all there must be.
type Poller struct {
	fd     int
	calls  map[int32]func()
	events [64]unix.EpollEvent

	mail *mailbox.Mailbox
	bell int // eventfd that ends the sleep of Wait
}

// New makes a poller.
func New() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &Poller{fd: fd, calls: map[int32]func(){}, mail: mailbox.New()}
	if p.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, err
	}
	return p, p.Add(p.bell, unix.EPOLLIN, p.callPosted)
}

// Post has f called by Wait. It may be called from any goroutine, and never waits.
func (p *Poller) Post(f func()) {
	p.mail.Post(f)
	_, _ = unix.Write(p.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (p *Poller) callPosted() {
	var buf [8]byte
	_, _ = unix.Read(p.bell, buf[:])
	p.mail.Run()
}

// Add has call called by Wait whenever fd is ready for one of the epoll events: see epoll_ctl(2). fd stays the caller's.
func (p *Poller) Add(fd int, events uint32, call func()) error {
	p.calls[int32(fd)] = call
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// Modify changes which events fd waits for.
func (p *Poller) Modify(fd int, events uint32) {
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// Remove forgets fd. It must come before the close: a duplicate elsewhere would keep the registration alive.
func (p *Poller) Remove(fd int) {
	delete(p.calls, int32(fd))
	_ = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil)
}

// Wait sleeps up to d (negative: without end) and calls what is due. Only one goroutine, the loop's, calls Wait and the other methods but Post.
func (p *Poller) Wait(d time.Duration) {
	ms := -1
	if d >= 0 {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := unix.EpollWait(p.fd, p.events[:], ms)
	if err != nil {
		return // EINTR: whatever it was, the loop checks everything again
	}
	for _, e := range p.events[:n] {
		if call := p.calls[e.Fd]; call != nil {
			call()
		}
	}
}

// Close closes the poller's own files.
func (p *Poller) Close() {
	unix.Close(p.bell)
	unix.Close(p.fd)
}
