package notify

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// given makes a pipe and gives its write end's number to this process, as the keeper does.
func given(t *testing.T) (read *os.File, number int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fds[1]), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	_ = unix.SetNonblock(fds[0], true)
	read = os.NewFile(uintptr(fds[0]), "read end")
	t.Cleanup(func() { read.Close() })
	t.Setenv(EnvChannel, strconv.Itoa(fds[1]))
	return read, fds[1]
}

func open(t *testing.T) *Channel {
	t.Helper()
	c, err := Open()
	if err != nil || c == nil {
		t.Fatalf("channel %v, %v", c, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// take reads until the text so far contains want.
func take(t *testing.T, f *os.File, want string) string {
	t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(20 * time.Second))
	var got strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(got.String(), want) {
		n, err := f.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", got.String(), err)
		}
		got.Write(buf[:n])
	}
	return got.String()
}

func TestOpen(t *testing.T) {
	read, fd := given(t)
	t.Setenv(EnvWatchdog, "0.5")
	c := open(t)
	if c.Period != 500*time.Millisecond {
		t.Errorf("period %v", c.Period)
	}
	for _, name := range []string{EnvChannel, EnvWatchdog} {
		if _, still := os.LookupEnv(name); still {
			t.Errorf("%s is left in the environment", name)
		}
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v: want close-on-exec", flags, err)
	}
	if err := c.Send(Message{Ready, "1"}, Negative(Ready, "db")); err != nil {
		t.Fatal(err)
	}
	if got := take(t, read, "db\n"); got != "READY=1\nREADY=0 db\n" {
		t.Errorf("%q", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Send(Message{Ready, "1"}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	for _, c := range []struct{ name, value string }{
		{"empty", ""}, {"word", "three"}, {"negative", "-1"}, {"stdout", "1"}, {"not open", "4000"},
		{"a file of its own", strconv.Itoa(int(file.Fd()))}, {"the read end", strconv.Itoa(fds[0])},
		{"a pipe of its own", strconv.Itoa(fds[1])},
	} {
		t.Setenv(EnvChannel, c.value)
		if got, err := Open(); err == nil || got != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		if _, still := os.LookupEnv(EnvChannel); still {
			t.Errorf("%s: left in the environment", c.name)
		}
	}
	os.Unsetenv(EnvChannel)
	if got, err := Open(); got != nil || err != nil {
		t.Errorf("without a channel: %v, %v", got, err)
	}
}

// Nobody reads for long: nothing waits, nothing grows, and the newest of each key arrives in the end.
func TestFullPipe(t *testing.T) {
	read, _ := given(t)
	c := open(t)
	text := strings.Repeat("x", 900)
	for i := range 1000 {
		if err := c.Send(Message{Status, text + strconv.Itoa(i)}, Message{Watchdog, "1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Send(Message{Ready, "1"}, Negative(Ready, "later")); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	if n := len(c.unsent); n > 4 {
		t.Errorf("%d messages wait", n)
	}
	c.mu.Unlock()
	got := take(t, read, "READY=0 later\n")
	var s State
	var d Decoder
	d.Write([]byte(got), func(m Message) { s.Apply(m) })
	if d.Refused() > 0 || s.Status != text+"999" || !s.Started || s.Unready != "later" {
		t.Errorf("%d refused; state %+v", d.Refused(), s)
	}
}

func TestReaderGone(t *testing.T) {
	read, _ := given(t)
	c := open(t)
	read.Close()
	if err := c.Send(Message{Ready, "1"}); !errors.Is(err, unix.EPIPE) {
		t.Errorf("%v, want EPIPE", err)
	}
}

// TestDrained: a message is read when the reader has taken it, not when the pipe has.
func TestDrained(t *testing.T) {
	read, _ := given(t)
	c := open(t)
	if !c.Drained(0) {
		t.Error("nothing was sent, and Drained waits for it")
	}
	if err := c.Send(Message{Key: Live, Value: "0 stuck"}); err != nil {
		t.Fatal(err)
	}
	if c.Drained(0) {
		t.Error("nobody has read it, and Drained says yes")
	}
	drained := make(chan bool)
	go func() { drained <- c.Drained(time.Minute) }()
	if got := take(t, read, "\n"); got != "LIVE=0 stuck\n" {
		t.Errorf("%q was read", got)
	}
	if !<-drained {
		t.Error("it was read, and Drained says no")
	}
	if err := c.Close(); err != nil || c.Drained(time.Minute) {
		t.Errorf("after Close (%v) nothing is drained", err)
	}
}
