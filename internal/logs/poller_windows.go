package logs

import (
	"sync"
	"time"
)

// Anonymous pipes can't be waited for together: they are looked at in turn, soon after something came and less often
// while nothing does.
const (
	pollSoon = 2 * time.Millisecond
	pollLate = 50 * time.Millisecond
)

// poller tells which captures have something to read.
type poller struct {
	quit, done chan struct{}
	fresh      chan struct{} // there is a new capture

	mu    sync.Mutex
	armed map[*Capture]bool // false: known, but not to be told of
}

func newPoller(ready func(*Capture)) (*poller, error) {
	p := &poller{quit: make(chan struct{}), done: make(chan struct{}), fresh: make(chan struct{}, 1), armed: map[*Capture]bool{}}
	go p.run(ready)
	return p, nil
}

func (p *poller) run(ready func(*Capture)) {
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

// due disarms and gives the captures that have something to read.
func (p *poller) due() []*Capture {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*Capture
	for c, armed := range p.armed {
		if armed && c.src.ready() {
			p.armed[c] = false
			list = append(list, c)
		}
	}
	return list
}

func (p *poller) add(c *Capture) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed[c] = false
	select {
	case p.fresh <- struct{}{}:
	default: // is told already
	}
	return nil
}

// rearm tells once more as soon as there is something to read, or no writer any more.
func (p *poller) rearm(c *Capture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.armed[c]; known {
		p.armed[c] = true
	}
}

func (p *poller) remove(c *Capture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.armed, c)
}

func (p *poller) close() {
	close(p.quit)
	<-p.done
}
