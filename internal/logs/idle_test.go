package logs

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestIdleProgramsCostNextToNothing measures what a program that says nothing keeps in memory.
func TestIdleProgramsCostNextToNothing(t *testing.T) {
	const programs = 500
	b := newBench(t, Options{})
	measure := func() (bytes uint64, goroutines int) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse, runtime.NumGoroutine()
	}
	before, routines := measure()
	ends := make([]*os.File, programs)
	for i := range ends {
		k := b.sink(fmt.Sprintf("p%03d", i), logfile.Settings{MaxSize: 10 << 20, MaxFiles: 10, Compress: true})
		_, w := b.attach(k, 1, "")
		put(t, k, w, "I am here\n")
		ends[i] = w
	}
	b.settled()
	after, more := measure()
	each := (int64(after) - int64(before)) / programs
	t.Logf("%d bytes and %.3f goroutines per idle program", each, float64(more-routines)/programs)
	if each > 6000 || more-routines > 5 {
		t.Errorf("%d bytes per idle program, %d goroutines for %d", each, more-routines, programs)
	}
	runtime.KeepAlive(ends)
}

// settled waits until no turn is under way.
func (b *bench) settled() {
	p := b.store.pump
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.workers > 0 {
		p.idle.Wait()
	}
}

// TestAFloodDoesNotStarveOthers lets eight programs flood while a ninth says something now and then.
func TestAFloodDoesNotStarveOthers(t *testing.T) {
	b := newBench(t, Options{})
	stop := make(chan struct{})
	ended := make(chan struct{})
	for i := range 8 {
		k := b.sink(fmt.Sprintf("flood%d", i), logfile.Settings{Format: []logfile.Format{logfile.Text, logfile.JSON}[i%2], MaxSize: 1 << 20, MaxFiles: 2, Compress: true})
		_, w := b.attach(k, 1, "stdout")
		go func() {
			defer func() { ended <- struct{}{} }()
			data := make([]byte, 64<<10)
			for j := range data {
				if data[j] = 'x'; j%100 == 99 {
					data[j] = '\n'
				}
			}
			for {
				select {
				case <-stop:
					return
				default:
					w.Write(data)
				}
			}
		}()
	}
	k := b.sink("quiet", logfile.Settings{})
	_, w := b.attach(k, 1, "")
	var slowest time.Duration
	for range 30 {
		begin := time.Now()
		put(t, k, w, "a word\n")
		slowest = max(slowest, time.Since(begin))
		time.Sleep(5 * time.Millisecond) // sleep: a program that is quiet in between
	}
	close(stop)
	for range 8 {
		<-ended
	}
	t.Logf("slowest word %v", slowest)
	if slowest > 5*time.Second {
		t.Errorf("a word of a quiet program took %v", slowest)
	}
}
