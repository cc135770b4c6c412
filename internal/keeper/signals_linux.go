package keeper

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/launch"
)

// acceptRequests takes signals for requests, unless a host brings requests.
func (k *keeper) acceptRequests() {
	// A signal that is ignored stays ignored across exec: every program would ignore it too. So the keeper ignores none, and
	// catches and drops those that must not end it.
	if !k.resumed {
		k.terminal = terminal{there: hasTerminal(), optional: signal.Ignored(unix.SIGHUP)}
	}
	t := k.terminal
	launch.UnignoreSignals()
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	if h := k.cfg.Handle; h != nil {
		h.attach(k)
		return
	}
	ch := make(chan os.Signal, 64)
	signal.Notify(ch, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	go func() {
		for s := range ch {
			k.poll.Post(func() { k.signalled(s, t) })
		}
	}()
}

// terminal is what this process was started with.
type terminal struct {
	there    bool
	optional bool // SIGHUP was ignored, as by nohup(1): the end of the terminal isn't the keeper's
}

// signalled does what a signal asks for: SIGHUP reloads, unless it says that the terminal is gone; SIGTERM and SIGINT stop, the second one
// at once.
func (k *keeper) signalled(s os.Signal, t terminal) {
	if s == unix.SIGHUP {
		gone := t.there && !hasTerminal()
		if !gone {
			k.askReload()
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
