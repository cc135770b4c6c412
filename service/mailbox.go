package service

import (
	"reflect"
	"sync"
	"time"
)

// message is what the runner receives: from the service through its Host, from the system, from the goroutines that it started.
type message interface{ message() }

type (
	readyMessage   struct{}
	statusMessage  string
	extendMessage  time.Duration
	stopMessage    Reason
	controlMessage controlEvent
	beatMessage    struct{}
	sendMessage    []string
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
func (sendMessage) message()     {}
func (expiredMessage) message()  {}
func (returnedMessage) message() {}
func (handledMessage) message()  {}

// mailbox is the runner's queue of messages. It never keeps a sender waiting: the Service Control Manager's handler is one.
type mailbox struct {
	wake chan struct{}

	mu    sync.Mutex
	queue []message
	shut  bool
	once  map[reflect.Type]int // of messages of which one of a kind waits: its place in the queue
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) post(msg message) {
	m.mu.Lock()
	if !m.shut {
		m.keep(msg)
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default: // it is awake already
	}
}

// keep puts msg into the queue. A service may send some messages faster than the runner takes them. Of these, one of a kind waits: the last
// text, the longest time, the first of what changes nothing when repeated.
func (m *mailbox) keep(msg message) {
	switch msg.(type) {
	case statusMessage, extendMessage, readyMessage, beatMessage:
	default:
		m.queue = append(m.queue, msg)
		return
	}
	kind := reflect.TypeOf(msg)
	at, waits := m.once[kind]
	if !waits {
		if m.once == nil {
			m.once = map[reflect.Type]int{}
		}
		m.once[kind] = len(m.queue)
		m.queue = append(m.queue, msg)
		return
	}
	if d, ok := msg.(extendMessage); ok {
		msg = max(d, m.queue[at].(extendMessage))
	}
	m.queue[at] = msg
}

func (m *mailbox) take() []message {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.queue
	m.queue, m.once = nil, nil
	return all
}

// close drops what waits, and what is posted from now on.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut, m.queue = true, nil
}
