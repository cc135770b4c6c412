package asyncwriter

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
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
