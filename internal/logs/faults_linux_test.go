package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// smallDisk mounts a file system of size bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("daruma-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		if os.Getenv("DARUMA_CI") == "1" {
			t.Fatalf("mounting a small disk: %v", err)
		}
		t.Skipf("a small disk can't be mounted: %v (needs root)", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// nextEvent waits for an event of this kind, past notices.
func (b *bench) nextEvent(kind EventKind) Event {
	b.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case e := <-b.events:
			if e.Kind == kind {
				return e
			}
			if e.Kind != Notice {
				b.t.Fatalf("event %s (%v), want %s", e.Kind, e, kind)
			}
		case <-timeout:
			b.t.Fatalf("no event %s", kind)
		}
	}
}

// fill takes all room of the disk; the function gives it back.
func fill(t *testing.T, dir string) func() {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() { os.Remove(path) }
}

func TestFullDiskWaitsWhileThereIsRoomInThePipe(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			dir := smallDisk(t, 1<<20)
			b := newBench(t, Options{Dir: dir})
			k := b.sink("api", logfile.Settings{Format: format})
			c, w := b.attach(k, 1, "stdout")
			put(t, k, w, "before\n")
			empty := fill(t, dir)
			big := strings.Repeat("waits in the pipe\n", 600) // more than what is left of the last page
			w.WriteString(big)
			b.nextEvent(Failing)
			if k.Stats().Err == nil {
				t.Error("no error in the figures")
			}
			empty()
			b.nextEvent(Recovered)
			drain(t, c)
			got := stored(t, dir, "api")
			if format == logfile.JSON {
				got = streams(t, got)["stdout"]
			}
			sameBytes(t, got, []byte("before\n"+big))
			if s := k.Stats(); s.Lost != 0 || s.Err != nil {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestFullDiskNeverBlocksAProgramAndLossIsCounted(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			dir := smallDisk(t, 4<<20)
			b := newBench(t, Options{Dir: dir})
			k := b.sink("api", logfile.Settings{Format: format})
			c, w := b.attach(k, 1, "stdout")
			put(t, k, w, "before\n")
			empty := fill(t, dir)
			var written int64
			var slowest time.Duration
			line := []byte(strings.Repeat("lost", 30) + "\n")
			for written < 30<<20 { // thirty pipes full
				begin := time.Now()
				n, err := w.Write(bytes.Repeat(line, 100))
				if err != nil {
					t.Fatal(err)
				}
				slowest = max(slowest, time.Since(begin))
				written += int64(n)
			}
			if slowest > 2*time.Second {
				t.Errorf("a write took %v", slowest)
			}
			b.nextEvent(Failing)
			b.nextEvent(LossBegan)
			empty()
			e := b.nextEvent(LossEnded)
			if e.Bytes < 25<<20 || e.Since.IsZero() || !e.Until.After(e.Since) {
				t.Errorf("%+v", e)
			}
			drain(t, c)
			s := k.Stats()
			if s.Lost+s.Captured != written+7 {
				t.Errorf("captured %d + lost %d isn't %d", s.Captured, s.Lost, written+7)
			}
			got := stored(t, dir, "api")
			if format == logfile.JSON {
				got = streams(t, got)["stdout"]
			}
			if int64(len(got)) != s.Captured || !bytes.HasPrefix(got, []byte("before\n")) {
				t.Errorf("%d bytes in the log, %d captured", len(got), s.Captured)
			}
			t.Logf("slowest write %v", slowest)
		})
	}
}

func TestDrainOnAFullDiskEndsWithItsContext(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			dir := smallDisk(t, 1<<20)
			b := newBench(t, Options{Dir: dir})
			k := b.sink("api", logfile.Settings{Format: format})
			c, w := b.attach(k, 1, "stdout")
			put(t, k, w, "before\n")
			defer fill(t, dir)()
			w.Write(bytes.Repeat([]byte("doomed\n"), 5000))
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			if err := c.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("drain: %v", err)
			}
			<-c.Done()
			if s := k.Stats(); s.Lost < 20_000 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestLogFolderDeletedWhileRunning(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		b := newBench(t, Options{})
		k := b.sink("api", logfile.Settings{Format: format})
		c, w := b.attach(k, 1, "stdout")
		put(t, k, w, "before\n")
		if err := os.RemoveAll(b.dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // sleep: more than between two looks at the path; what comes before that goes with the folder
		put(t, k, w, "after\n")
		drain(t, c)
		sameBytes(t, []byte(texts(readAll(t, b.dir, logread.Query{}))), []byte("after\n"))
	}
}

func TestNoDescriptorsPutRotationOff(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{MaxSize: 5000, MaxFiles: 100})
	c, w := b.attach(k, 1, "")
	put(t, k, w, "before\n")
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 3
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 99) + "\n"
	put(t, k, w, strings.Repeat(line, 200))
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if e := b.nextEvent(Notice); !errors.Is(e.Err, syscall.EMFILE) {
		t.Errorf("notice: %v", e.Err)
	}
	b.store.sinks["api"].mu.Lock()
	k.file.RetryRotation()
	b.store.sinks["api"].mu.Unlock()
	put(t, k, w, strings.Repeat(line, 10))
	drain(t, c)
	sameBytes(t, stored(t, b.dir, "api"), []byte("before\n"+strings.Repeat(line, 210)))
	if h, _ := logfile.Scan(b.dir); len(h["api"].Files) == 0 {
		t.Error("never rotated")
	}
}

func TestLinksAndStrangersFilesAreRefused(t *testing.T) {
	for what, plant := range map[string]func(path, victim string) error{
		"symbolic link": func(path, victim string) error { return os.Symlink(victim, path) },
		"folder":        func(path, _ string) error { return os.Mkdir(path, 0o755) },
		"FIFO":          func(path, _ string) error { return unix.Mkfifo(path, 0o644) },
		"hard link":     func(path, victim string) error { return os.Link(victim, path) },
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, Options{})
			victim, path := filepath.Join(t.TempDir(), "victim"), filepath.Join(b.dir, "api.log")
			if err := os.WriteFile(victim, []byte("keep me"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := plant(path, victim); err != nil {
				t.Fatal(err)
			}
			k := b.sink("api", logfile.Settings{})
			c, w := b.attach(k, 1, "")
			w.WriteString("text\n")
			if e := b.nextEvent(Failing); !strings.Contains(e.String(), path) {
				t.Errorf("%v", e)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			b.nextEvent(Recovered)
			drain(t, c)
			if got, err := os.ReadFile(victim); err != nil || string(got) != "keep me" {
				t.Errorf("%q, %v", got, err)
			}
			sameBytes(t, stored(t, b.dir, "api"), []byte("text\n"))
		})
	}
}

// TestWhereSpliceDoesNotWork takes the other way: peek, write, discard.
func TestWhereSpliceDoesNotWork(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{MaxSize: 100_000, MaxFiles: 1000})
	c, w := b.attach(k, 1, "")
	k.mu.Lock()
	c.pipe.plain = true
	k.mu.Unlock()
	want := bytes.Repeat([]byte("a line like any other\n"), 50_000)
	w.Write(want)
	drain(t, c)
	sameBytes(t, stored(t, b.dir, "api"), want)
}
