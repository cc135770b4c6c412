package control

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"
)

// awaitBroken waits until the server has closed the connection, without reading what it sent: a write fails then.
func awaitBroken(t *testing.T, conn net.Conn) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if _, err := conn.Write([]byte("x")); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond) // sleep: reading would tell at once, but it would also make the reader a good one
	}
	t.Fatal("the server never closed the connection")
}

// 200 clients that read nothing and 200 that never finish their request: others are served, and events are published,
// as if they weren't there.
func TestSlowClientsSlowNobody(t *testing.T) {
	_, hub, socket := serve(t, &fakeBackend{}, nil)
	for range 200 {
		reader := connect(t, socket)
		if _, err := io.WriteString(reader, "GET /v1/events HTTP/1.1\r\nHost: d\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Read(make([]byte, 1)); err != nil { // subscribed
			t.Fatal(err)
		}
		half := connect(t, socket)
		if _, err := io.WriteString(half, "POST /v1/command HTTP/1.1\r\nHost: d\r\nContent-"); err != nil {
			t.Fatal(err)
		}
	}
	published := make(chan time.Duration, 1)
	go func() {
		begin := time.Now()
		for range 5000 {
			hub.Publish(Event{Kind: EventStarted, Program: "api", Reason: "the process ended with exit code 1"})
		}
		published <- time.Since(begin)
	}()
	var took []time.Duration
	for range 50 {
		begin := time.Now()
		if _, err := NewClient(socket).Status(within(t)); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	t.Logf("status: median %v, worst %v; 5,000 events published in %v", took[25], took[49], <-published)
	if took[25] > time.Second { // it is milliseconds; a server that waits for the slow would need seconds
		t.Fatalf("the median status took %v", took[25])
	}
}

func TestTooManyConnections(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{}, func(l *limits) { l.connections = 3 })
	var held []net.Conn
	for range 3 {
		conn := connect(t, socket)
		held = append(held, conn)
		if _, err := io.WriteString(conn, "GET /v1/healthz HTTP/1.1\r\nHost: d\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 4096)); err != nil { // accepted and answered, kept open
			t.Fatal(err)
		}
	}
	for range 40 { // more than are refused politely at once
		_, err := NewClient(socket).Status(within(t))
		var api *APIError
		if !errors.As(err, &api) || api.Status != 503 || api.Hint == "" {
			t.Fatalf("the fourth connection got %v", err)
		}
	}
	if err := held[0].Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; {
		_, err := NewClient(socket).Status(within(t))
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("with room again: %v", err)
		}
		time.Sleep(5 * time.Millisecond) // sleep: the server tells nobody when it has noticed
	}
}

func TestHalfRequestsEnd(t *testing.T) {
	_, _, socket := serve(t, &fakeBackend{}, func(l *limits) { l.header = 50 * time.Millisecond })
	conn := connect(t, socket)
	if _, err := io.WriteString(conn, "GET /v1/status HT"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) { // an end or a reset, either will do
		t.Fatal("the server waits on for the rest of a request")
	}
}
