package logread

import (
	"encoding/binary"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// watcher says that something in a folder may have changed.
type watcher struct {
	wake  chan struct{}
	file  *os.File
	done  chan struct{}
	fresh atomic.Bool // a file was made
	blind atomic.Bool // inotify doesn't work (any more): check often
}

const (
	checkOften  = 100 * time.Millisecond
	checkSeldom = time.Second // a network file system doesn't report what another machine changed
)

func newWatcher(dir string) *watcher {
	w := &watcher{wake: make(chan struct{}, 1), done: make(chan struct{})}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == nil {
		const mask = unix.IN_MODIFY | unix.IN_CREATE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO
		_, err = unix.InotifyAddWatch(fd, dir, mask)
		w.file = os.NewFile(uintptr(fd), "inotify")
	}
	if err != nil {
		w.blind.Store(true)
		close(w.done)
		return w
	}
	go w.run()
	return w
}

func (w *watcher) run() {
	defer close(w.done)
	buf := make([]byte, 4096)
	for {
		n, err := w.file.Read(buf)
		if err != nil {
			w.blind.Store(true)
			return
		}
		if n >= unix.SizeofInotifyEvent && buf[5]&(unix.IN_IGNORED>>8) != 0 { // the folder is gone
			w.blind.Store(true)
		}
		if made(buf[:n]) {
			w.fresh.Store(true)
		}
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// made tells whether a file was made in the folder, or moved there: inotify(7).
func made(events []byte) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		if mask := binary.NativeEndian.Uint32(events[4:]); mask&(unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_Q_OVERFLOW) != 0 {
			return true
		}
		size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		events = events[min(size, len(events)):]
	}
	return false
}

// hasNew tells, once, whether there are new files.
func (w *watcher) hasNew() bool { return w.fresh.Swap(false) }

// period is how long to wait at most.
func (w *watcher) period() time.Duration {
	if w.blind.Load() {
		return checkOften
	}
	return checkSeldom
}

func (w *watcher) close() {
	if w.file != nil {
		w.file.Close()
	}
	<-w.done
}
