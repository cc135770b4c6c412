package poll

import (
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/mailbox"
)

// Poller is the queue of what has happened: threads of Windows' pool and goroutines that read post functions, and the loop calls them in
// Wait.
type Poller struct {
	mail *mailbox.Mailbox

	callback uintptr // for registerWait
	mu       sync.Mutex
	serial   uintptr
	waits    map[uintptr]func()
}

// New makes a poller.
func New() (*Poller, error) {
	p := &Poller{mail: mailbox.New(), waits: map[uintptr]func(){}}
	p.callback = windows.NewCallback(func(serial, _ uintptr) uintptr {
		p.signalled(serial)
		return 0
	})
	return p, nil
}

// Post has f called by Wait. It may be called from any goroutine, and never waits.
func (p *Poller) Post(f func()) { p.mail.Post(f) }

// Wait sleeps up to d (negative: without end) and calls what is due. Only one goroutine, the loop's, calls it.
func (p *Poller) Wait(d time.Duration) {
	if d != 0 {
		p.sleep(d)
	}
	p.mail.Run()
}

func (p *Poller) sleep(d time.Duration) {
	if d < 0 {
		<-p.mail.Wake()
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.mail.Wake():
	case <-timer.C:
	}
}

// Waiter waits for one object.
type Waiter struct {
	poll   *Poller
	serial uintptr
	handle windows.Handle
}

// WhenSignalled has f called by Wait, once, when the object is signalled.
func (p *Poller) WhenSignalled(object windows.Handle, f func()) (*Waiter, error) {
	p.mu.Lock()
	p.serial++
	serial := p.serial
	p.waits[serial] = f
	p.mu.Unlock()
	h, err := registerWait(object, p.callback, serial)
	if err != nil {
		p.mu.Lock()
		delete(p.waits, serial)
		p.mu.Unlock()
		return nil, err
	}
	return &Waiter{poll: p, serial: serial, handle: h}, nil
}

func (p *Poller) signalled(serial uintptr) {
	p.mu.Lock()
	f := p.waits[serial]
	delete(p.waits, serial)
	p.mu.Unlock()
	if f != nil {
		p.Post(f)
	}
}

// Stop ends the waiting. It must be called for every Waiter before its object is closed, after its function was called too.
func (w *Waiter) Stop() {
	w.poll.mu.Lock()
	delete(w.poll.waits, w.serial)
	w.poll.mu.Unlock()
	unregisterWait(w.handle)
}
