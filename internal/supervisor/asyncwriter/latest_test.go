package asyncwriter

import (
	"testing"
	"time"
)

// TestLatest: the last value is always written, in order, and one that waits is replaced.
func TestLatest(t *testing.T) {
	var written []int
	began, free := make(chan struct{}), make(chan struct{})
	l := Latest[int]{Write: func(v int) {
		if v == 0 {
			close(began)
			<-free
		}
		written = append(written, v)
	}}
	l.Set(0)
	<-began
	for v := 1; v <= 1000; v++ {
		l.Set(v)
	}
	begin := time.Now()
	if l.Wait(time.Millisecond); time.Since(begin) > time.Minute {
		t.Error("it waited for a write that hangs")
	}
	close(free)
	l.Wait(time.Minute)
	if len(written) != 2 || written[0] != 0 || written[1] != 1000 {
		t.Errorf("%v, want 0 and 1000", written)
	}
}
