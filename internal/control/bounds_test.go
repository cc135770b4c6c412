package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// impostor listens as a supervisor does and has a function talk with each client.
func impostor(t *testing.T, talk func(net.Conn)) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "run", "control.sock")
	l, err := listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 4096)) // the request
				talk(conn)
			}()
		}
	}()
	return socket
}

// TestEndlessAnswers: no answer takes more of the client than is allowed, whichever of its parts doesn't end.
func TestEndlessAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for what, c := range map[string]struct{ begin, again string }{
		"a header":          {"HTTP/1.1 200 OK\r\n", "X-A: " + strings.Repeat("a", 1000) + "\r\n"},
		"a line of it":      {"HTTP/1.1 200 OK\r\nX: ", strings.Repeat("a", 1000)},
		"a text":            {ok + "\r\n{\"service\":\"", strings.Repeat("a", 1000)},
		"a list":            {ok + "\r\n{\"programs\":[{}", strings.Repeat(",{}", 300)},
		"a list of nothing": {ok + "\r\n{\"programs\":[1", strings.Repeat(",1", 300)},
		"chunks":            {ok + "Transfer-Encoding: chunked\r\n\r\n", strings.Repeat("5\r\n\"aaaa\r\n", 100)},
		"a refusal":         {"HTTP/1.1 500 No\r\nContent-Type: application/json\r\n\r\n{\"error\":\"", strings.Repeat("a", 1000)},
		"an event":          {ok + "\r\n{\"reason\":\"", strings.Repeat("a", 1000)},
		"events":            {ok + "\r\n", strings.Repeat("{}\n", 300)},
	} {
		t.Run(what, func(t *testing.T) {
			took := make(chan int, 1)
			socket := impostor(t, func(conn net.Conn) {
				_, err := io.WriteString(conn, c.begin)
				total := 0
				for err == nil && total < 16<<20 {
					var n int
					n, err = io.WriteString(conn, c.again)
					total += n
				}
				took <- total
			})
			ctx, client := within(t), NewClient(socket)
			client.longest = 1 << 20 // 16 MiB take their time
			var err error
			if strings.Contains(what, "event") {
				err = client.Events(ctx, From{Follow: what == "an event"}, func(Event) error { return nil })
			} else {
				_, err = client.Status(ctx)
			}
			if err == nil || ctx.Err() != nil {
				t.Errorf("%v, %v", err, ctx.Err())
			}
			if total := <-took; total > 4<<20 {
				t.Errorf("the client took %d bytes", total)
			}
		})
	}
}

// TestAnswerOfManyValues: two bytes of JSON make an element of half a kilobyte.
func TestAnswerOfManyValues(t *testing.T) {
	socket := impostor(t, func(conn net.Conn) {
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n\r\n{\"programs\":[1%s]}", strings.Repeat(",1", maxValues+1))
	})
	if _, err := NewClient(socket).Status(within(t)); !errors.Is(err, errTooLong) {
		t.Error(err)
	}
}

// TestSilence: a socket that takes connections and says nothing holds a client for its own time, and no longer.
func TestSilence(t *testing.T) {
	socket := impostor(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := NewClient(socket).Status(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
