package logs

import (
	"sync"
	"time"
)

// Anonymous pipes can't be waited for together: they are asked in turn, soon after something came and less often
// while nothing does.
const (
	pollSoon = 2 * time.Millisecond
	pollLate = 50 * time.Millisecond
)

// poller reports the copiers that have something to read.
type poller struct {
	quit, done chan struct{}
	fresh      chan struct{} // there is a new copier

	mu    sync.Mutex
	armed map[*Copier]bool // false: known, but not to be reported
}

func newPoller(ready func(*Copier)) (*poller, error) {
	p := &poller{quit: make(chan struct{}), done: make(chan struct{}), fresh: make(chan struct{}, 1), armed: map[*Copier]bool{}}
	go p.run(ready)
	return p, nil
}

func (p *poller) run(ready func(*Copier)) {
	defer close(p.done)
	pause := pollLate
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-p.fresh: // a successor's pipes may be full
			pause = pollSoon / 2
		case <-timer.C:
		}
		pause = min(2*pause, pollLate)
		for _, c := range p.due() {
			pause = pollSoon
			ready(c)
		}
		timer.Reset(pause)
	}
}

// due disarms and gives the copiers that have something to read.
func (p *poller) due() []*Copier {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*Copier
	for c, armed := range p.armed {
		if armed && c.pipe.ready() {
			p.armed[c] = false
			list = append(list, c)
		}
	}
	return list
}

func (p *poller) add(c *Copier) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed[c] = false
	select {
	case p.fresh <- struct{}{}:
	default: // one is pending already
	}
	return nil
}

// rearm has c reported once, as soon as there is something to read or no writer any more.
func (p *poller) rearm(c *Copier) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.armed[c]; known {
		p.armed[c] = true
	}
}

func (p *poller) remove(c *Copier) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.armed, c)
}

func (p *poller) close() {
	close(p.quit)
	<-p.done
}
