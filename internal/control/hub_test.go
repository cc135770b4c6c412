package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestHubNumbersAndRemembers(t *testing.T) {
	h := NewHub(7)
	if n := h.Publish(Event{Program: "api", Kind: EventStarted}); n != 8 {
		t.Fatalf("first event has number %d, want 8", n)
	}
	for range ringSize + 50 {
		h.Publish(Event{Kind: EventExited})
	}
	last := uint64(8 + ringSize + 50)
	if h.Last() != last || h.Oldest() != last-ringSize {
		t.Fatalf("last %d oldest %d, want %d and %d", h.Last(), h.Oldest(), last, last-ringSize)
	}
	var got []Event
	buf := make([]Event, 0, 7)
	for since := h.Oldest(); since < last; since = got[len(got)-1].Seq {
		events, err := h.Since(t.Context(), since, buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, events...)
	}
	if len(got) != ringSize {
		t.Fatalf("%d events remembered, want %d", len(got), ringSize)
	}
	for i, e := range got {
		if e.Seq != last-ringSize+uint64(i)+1 || e.Time.IsZero() {
			t.Fatalf("event %d has number %d and time %v", i, e.Seq, e.Time)
		}
	}
	if _, err := h.Since(t.Context(), h.Oldest()-1, buf); !errors.Is(err, ErrLagged) {
		t.Fatalf("reading what is forgotten gives %v, want ErrLagged", err)
	}
}

func TestHubWaitsForTheNextEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(0)
		result := make(chan string, 1)
		go func() {
			events, err := h.Since(t.Context(), 0, make([]Event, 0, 4))
			result <- fmt.Sprintf("%d %s %v", len(events), events[0].Kind, err)
		}()
		synctest.Wait() // it waits by now
		h.Publish(Event{Kind: EventReady})
		if got := <-result; got != "1 ready <nil>" {
			t.Fatal(got)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := h.Since(ctx, 1, make([]Event, 0, 4)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("nothing happened and Since gave %v", err)
		}
	})
}

func TestHubTellsEveryReaderEverything(t *testing.T) {
	const readers, events = 20, 500 // fewer than the ring holds: nobody may lag
	h := NewHub(0)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			buf := make([]Event, 0, 16)
			for since := uint64(0); since < events; {
				got, err := h.Since(t.Context(), since, buf)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range got {
					if e.Seq != since+1 || e.PID != int(e.Seq) {
						t.Errorf("after %d came %d with pid %d", since, e.Seq, e.PID)
						return
					}
					since = e.Seq
				}
			}
		})
	}
	for i := range events {
		h.Publish(Event{Kind: EventStarted, PID: i + 1})
	}
	wg.Wait()
}

func TestPublishAllocatesNothingOnceTheRingIsFull(t *testing.T) {
	h := NewHub(0)
	for range ringSize {
		h.Publish(Event{})
	}
	if n := testing.AllocsPerRun(100, func() { h.Publish(Event{Kind: EventStarted, Reason: "x"}) }); n != 0 {
		t.Fatalf("%v allocations per event", n)
	}
}

func BenchmarkPublishTo200Followers(b *testing.B) {
	h := NewHub(0)
	for range 200 {
		go func() {
			buf := make([]Event, 0, 16)
			for since := uint64(0); ; {
				got, err := h.Since(b.Context(), since, buf)
				switch {
				case errors.Is(err, ErrLagged):
					since = h.Oldest()
				case err != nil:
					return
				default:
					since = got[len(got)-1].Seq
				}
			}
		}()
	}
	for b.Loop() {
		h.Publish(Event{Kind: EventStarted})
	}
}
