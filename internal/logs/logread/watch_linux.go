package logread

import (
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
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

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
