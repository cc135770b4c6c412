package keeper

import (
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/mailbox"
)

// poller is the queue of what has happened: threads of Windows' pool and goroutines that read put functions into it,
// the loop calls them. It has no bound, so nobody who puts something in ever waits.
type poller struct {
	mail *mailbox.Mailbox

	callback uintptr // for registerWait
	mu       sync.Mutex
	serial   uintptr
	waits    map[uintptr]func()
}

func newPoller() (*poller, error) {
	p := &poller{mail: mailbox.New(), waits: map[uintptr]func(){}}
	p.callback = windows.NewCallback(func(serial, _ uintptr) uintptr {
		p.signalled(serial)
		return 0
	})
	return p, nil
}

func (p *poller) post(f func()) { p.mail.Post(f) }

// wait sleeps up to d (negative: without end) and calls what is due.
func (p *poller) wait(d time.Duration) {
	if d != 0 {
		p.sleep(d)
	}
	p.mail.Run()
}

func (p *poller) sleep(d time.Duration) {
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

// wait is one object that is waited for.
type wait struct {
	poll   *poller
	serial uintptr
	handle windows.Handle
}

// whenSignalled has f called by the loop, once, when the object is signalled.
func (p *poller) whenSignalled(object windows.Handle, f func()) (*wait, error) {
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
	return &wait{poll: p, serial: serial, handle: h}, nil
}

func (p *poller) signalled(serial uintptr) {
	p.mu.Lock()
	f := p.waits[serial]
	delete(p.waits, serial)
	p.mu.Unlock()
	if f != nil {
		p.post(f)
	}
}

// stop must be called for every wait, or its object can't be let go.
func (w *wait) stop() {
	w.poll.mu.Lock()
	delete(w.poll.waits, w.serial)
	w.poll.mu.Unlock()
	unregisterWait(w.handle)
}
