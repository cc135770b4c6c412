package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// impostor listens as a supervisor does and has a function talk with each client.
func impostor(t *testing.T, talk func(net.Conn)) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", socket)
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
				for err == nil && total < 4*maxAnswer {
					var n int
					n, err = io.WriteString(conn, c.again)
					total += n
				}
				took <- total
			})
			ctx := within(t)
			var err error
			if strings.Contains(what, "event") {
				err = NewClient(socket).Events(ctx, From{Follow: what == "an event"}, func(Event) error { return nil })
			} else {
				_, err = NewClient(socket).Status(ctx)
			}
			if err == nil || ctx.Err() != nil {
				t.Errorf("%v, %v", err, ctx.Err())
			}
			if total := <-took; total > maxAnswer+1<<20 {
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

// TestLinkToAnotherSocket: root's order for one service must not reach another, to which the one's account made a link.
func TestLinkToAnotherSocket(t *testing.T) {
	victim := &fakeBackend{}
	_, _, other := serve(t, victim, nil)
	link := filepath.Join(t.TempDir(), "control.sock")
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	_, err := NewClient(link).Command(within(t), Command{Verb: VerbStop})
	if err == nil || errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), link) {
		t.Error(err)
	}
	if got := victim.commands(); len(got) != 0 {
		t.Errorf("the other service was told %+v", got)
	}
}

// TestWhatIsNoSocketOrLock is said, at once.
func TestWhatIsNoSocketOrLock(t *testing.T) {
	things := map[string]func(path string) error{
		"FIFO":             func(path string) error { return unix.Mkfifo(path, 0o600) },
		"link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"folder":           func(path string) error { return os.Mkdir(path, 0o700) },
		"device":           func(path string) error { return unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 5))) },
	}
	for what, put := range things {
		for _, name := range []string{"control.sock", "lock"} {
			t.Run(name+" is a "+what, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, name)
				if err := put(path); err != nil {
					t.Skipf("takes root: %v", err)
				}
				begin := time.Now()
				_, err := NewClient(filepath.Join(dir, "control.sock")).Status(within(t))
				if err == nil || errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), path) {
					t.Error(err)
				}
				if took := time.Since(begin); took > time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
}
