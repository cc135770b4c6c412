package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestEvents(t *testing.T) {
	s, hub, socket := serve(t, &fakeBackend{}, func(l *limits) { l.heartbeat = 5 * time.Millisecond })
	hub.Publish(Event{Kind: EventStarting, Program: "api"})
	hub.Publish(Event{Kind: EventStarted, Program: "api", PID: 12, Reason: "asked to"})
	one := uint64(1)
	var got []string
	err := NewClient(socket).Events(within(t), From{Since: &one, Follow: true}, func(e Event) error {
		got = append(got, fmt.Sprintf("%d %s %d %v", e.Seq, e.Kind, e.PID, e.Time.IsZero()))
		switch e.Seq {
		case 2: // it is connected: what happens now arrives too, heartbeats in between or not
			time.AfterFunc(30*time.Millisecond, func() { hub.Publish(Event{Kind: EventReady}) })
		case 3: // the server's end is an orderly end of the stream
			go s.Close(context.Background())
		}
		return nil
	})
	if want := "2 started 12 false|3 ready 0 false"; err != nil || strings.Join(got, "|") != want {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestEventsRemembered(t *testing.T) {
	_, hub, socket := serve(t, &fakeBackend{}, nil)
	for range ringSize + 100 {
		hub.Publish(Event{Kind: EventStarted})
	}
	zero, future := uint64(0), uint64(1<<63)
	for _, since := range []*uint64{&zero, &future} {
		n, last := 0, uint64(0)
		err := NewClient(socket).Events(within(t), From{Since: since}, func(e Event) error {
			n, last = n+1, e.Seq
			return nil
		})
		if err != nil || n != ringSize || last != ringSize+100 {
			t.Errorf("since %d: %d events, the last %d, %v", *since, n, last, err)
		}
	}
	n := 0
	if err := NewClient(socket).Events(within(t), From{}, func(Event) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("from now without following: %d events, %v", n, err)
	}
}

// A client that doesn't read is overtaken, told so in its last line, and nothing waits for it.
func TestSlowReaderIsCut(t *testing.T) {
	_, hub, socket := serve(t, &fakeBackend{}, nil)
	reason := strings.Repeat("x", 1024)
	zero, read, stuck := uint64(0), 0, make(chan struct{})
	hub.Publish(Event{Kind: EventStarted})
	err := NewClient(socket).Events(within(t), From{Since: &zero, Follow: true}, func(e Event) error {
		if read++; read == 1 {
			go func() { // 4 MiB don't fit into the socket
				defer close(stuck)
				for range 4 * ringSize {
					hub.Publish(Event{Kind: EventStarted, Reason: reason})
				}
			}()
			<-stuck
		}
		if int(e.Seq) != read {
			return fmt.Errorf("event %d came as number %d", e.Seq, read)
		}
		return nil
	})
	if !errors.Is(err, ErrLagged) {
		t.Fatalf("after %d events: %v, want ErrLagged", read, err)
	}
	if read > 3*ringSize {
		t.Fatalf("%d events were read: somewhere they were kept", read)
	}
}

// A client that takes nothing at all loses its connection after the timeout for writing.
func TestReaderThatTakesNothing(t *testing.T) {
	_, hub, socket := serve(t, &fakeBackend{}, func(l *limits) { l.write = 50 * time.Millisecond })
	conn := connect(t, socket)
	if _, err := conn.Write([]byte("GET /v1/events?since=0 HTTP/1.1\r\nHost: d\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1)
	if _, err := conn.Read(buf); err != nil { // the stream has begun
		t.Fatal(err)
	}
	for range 900 { // less than the ring, more than the socket takes
		hub.Publish(Event{Kind: EventStarted, Reason: strings.Repeat("x", 2048)})
	}
	awaitBroken(t, conn)
}
