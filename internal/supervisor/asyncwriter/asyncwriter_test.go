package asyncwriter

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// heldDisk lets the first write go on only when it is released.
type heldDisk struct {
	bytes.Buffer
	begun, release chan struct{}
	closed         bool
}

func (d *heldDisk) Write(p []byte) (int, error) {
	if d.begun != nil {
		close(d.begun)
		d.begun = nil
		<-d.release
	}
	return d.Buffer.Write(p)
}

func (d *heldDisk) Close() error {
	d.closed = true
	return nil
}

func (w *Writer) dropped() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

func TestSlowDisk(t *testing.T) {
	begun := make(chan struct{})
	disk := &heldDisk{begun: begun, release: make(chan struct{})}
	w := New(disk)
	fmt.Fprintln(w, "first")
	<-begun
	for range maxQueued + 7 { // seven more than fit
		fmt.Fprintln(w, "line")
	}
	close(disk.release)
	for w.dropped() > 0 { // until there is room for a line again
		fmt.Fprintln(w, "last")
		runtime.Gosched()
	}
	if err := w.Close(); err != nil || !disk.closed {
		t.Fatalf("%v, closed %v", err, disk.closed)
	}
	fmt.Fprintln(w, "too late")
	got := disk.String()
	if n := strings.Count(got, "line\n"); n != maxQueued {
		t.Errorf("%d lines, want %d", n, maxQueued)
	}
	if !strings.Contains(got, `"lines of this log were dropped"`) {
		t.Error("nobody is told of the lines that were dropped")
	}
	if !strings.HasPrefix(got, "first\n") || strings.Contains(got, "too late") {
		t.Errorf("%q", got[:min(len(got), 200)])
	}
}

// fullDisk refuses everything while it is full.
type fullDisk struct {
	bytes.Buffer
	mu    sync.Mutex
	full  bool
	tried chan struct{} // a write was refused
}

func (d *fullDisk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		select {
		case d.tried <- struct{}{}:
		default:
		}
		return 0, errors.New("no space left on device")
	}
	return d.Buffer.Write(p)
}

func (d *fullDisk) Close() error { return nil }

// TestFullDisk: what the disk refuses is counted, and said when there is space again, or by Close when there never is.
func TestFullDisk(t *testing.T) {
	for _, spaceAgain := range []bool{true, false} {
		disk := &fullDisk{full: true, tried: make(chan struct{}, 1)}
		w := New(disk)
		for range 3 {
			fmt.Fprintln(w, "refused")
			<-disk.tried
		}
		for w.dropped() < 3 {
			runtime.Gosched()
		}
		if spaceAgain {
			disk.mu.Lock()
			disk.full = false
			disk.mu.Unlock()
			fmt.Fprintln(w, "written")
		}
		err := w.Close()
		got, want := disk.String(), `{"level":"WARN","msg":"lines of this log were dropped","lines":3}`+"\nwritten\n"
		if spaceAgain && (err != nil || got != want) {
			t.Errorf("%v, %q", err, got)
		}
		if !spaceAgain && (err == nil || err.Error() != "3 lines were lost: no space left on device" || got != "") {
			t.Errorf("%v, %q", err, got)
		}
	}
}
