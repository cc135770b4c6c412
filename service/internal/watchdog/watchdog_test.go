package watchdog

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A tick that comes late says that the process itself wasn't running.
func TestStandstillIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var expired atomic.Bool
		w := New(Config{Limit: 8 * time.Second, Expired: func(string) { expired.Store(true) }})
		w.Beat()
		t.Cleanup(w.Stop)
		time.Sleep(7500 * time.Millisecond) // seven ticks, the first of which found the beat
		synctest.Wait()
		w.mu.Lock()
		w.due = w.due.Add(-8 * time.Hour) // as a clock has it that went on through the sleep
		w.mu.Unlock()
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if expired.Load() {
			t.Fatal("time asleep was taken for silence")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !expired.Load() || w.Why() == "" {
			t.Error("silence after waking up isn't noticed")
		}
	})
}

func TestBeatIsCheap(t *testing.T) {
	w := New(Config{Limit: time.Hour})
	w.Beat()
	defer w.Stop()
	if n := testing.AllocsPerRun(1000, w.Beat); n != 0 {
		t.Errorf("%v allocations per beat", n)
	}
}

func BenchmarkBeat(b *testing.B) {
	w := New(Config{Limit: time.Hour})
	defer w.Stop()
	for b.Loop() {
		w.Beat()
	}
}
