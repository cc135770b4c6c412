package keeper

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/launch"
)

// mailbox carries signals from Go's signal goroutine into the loop.
type mailbox struct {
	mu      sync.Mutex
	signals []os.Signal
	fd      int // eventfd that wakes the loop
}

func (k *keeper) heedSignals() error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	m := &mailbox{fd: fd}
	t := terminal{there: hasTerminal(), optional: signal.Ignored(unix.SIGHUP)}
	// A signal that is ignored stays ignored across exec: every program would be born with it. So nothing is, and what
	// must not end us is caught and dropped.
	launch.UnignoreSignals()
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	ch := make(chan os.Signal, 64)
	signal.Notify(ch, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	go func() {
		for s := range ch {
			m.put(s)
		}
	}()
	return k.poll.add(fd, unix.EPOLLIN, func() {
		for _, s := range m.take() {
			k.asked(s, t)
		}
	})
}

func (m *mailbox) put(s os.Signal) {
	m.mu.Lock()
	m.signals = append(m.signals, s)
	m.mu.Unlock()
	_, _ = unix.Write(m.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

func (m *mailbox) take() []os.Signal {
	var buf [8]byte
	_, _ = unix.Read(m.fd, buf[:])
	m.mu.Lock()
	defer m.mu.Unlock()
	signals := m.signals
	m.signals = nil
	return signals
}

// terminal is what this process was started with.
type terminal struct {
	there    bool
	optional bool // SIGHUP was ignored, as nohup(1) does it: its end isn't ours
}

// asked: SIGHUP reloads, unless it says that our terminal is gone; SIGTERM and SIGINT stop, at once by the second.
func (k *keeper) asked(s os.Signal, t terminal) {
	if s == unix.SIGHUP {
		gone := t.there && !hasTerminal()
		if !gone {
			k.reload = !k.sup.connected() // the next one is told
			k.send(&ReloadRequest{})
		}
		if !gone || t.optional {
			return
		}
	}
	k.stop(unix.SignalName(s.(unix.Signal)))
}

// hasTerminal says whether a controlling terminal is there (any more).
func hasTerminal() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}
