package daruma

import (
	"sync"
	"time"
)

// message is what the runner hears: from the service through its Host, from the system, from the goroutines it started.
type message interface{ message() }

type (
	readyMessage   struct{}
	statusMessage  string
	extendMessage  time.Duration
	stopMessage    StopReason
	controlMessage controlEvent
	beatMessage    struct{}
	sayMessage     []string
	expiredMessage string
	// returnedMessage: Run returned.
	returnedMessage struct{ err error }
	// handledMessage: a handler returned.
	handledMessage struct{ err error }
)

func (readyMessage) message()    {}
func (statusMessage) message()   {}
func (extendMessage) message()   {}
func (stopMessage) message()     {}
func (controlMessage) message()  {}
func (beatMessage) message()     {}
func (sayMessage) message()      {}
func (expiredMessage) message()  {}
func (returnedMessage) message() {}
func (handledMessage) message()  {}

// mailbox never keeps a sender waiting: the Service Control Manager's handler is one.
type mailbox struct {
	wake chan struct{}

	mu    sync.Mutex
	queue []message
	shut  bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) post(msg message) {
	m.mu.Lock()
	if !m.shut {
		m.queue = append(m.queue, msg)
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (m *mailbox) take() []message {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.queue
	m.queue = nil
	return all
}

// close: what is posted from now on is dropped.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut, m.queue = true, nil
}
