package notify

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// given makes a pipe and gives its write end's handle to this process, as the keeper does.
func given(t *testing.T) (read *os.File, write windows.Handle) {
	t.Helper()
	var r windows.Handle
	security := windows.SecurityAttributes{InheritHandle: 1}
	security.Length = uint32(unsafe.Sizeof(security))
	if err := windows.CreatePipe(&r, &write, &security, 8192); err != nil {
		t.Fatal(err)
	}
	read = os.NewFile(uintptr(r), "read end")
	t.Cleanup(func() { read.Close() })
	t.Setenv(EnvChannel, strconv.FormatUint(uint64(write), 10))
	return read, write
}

func take(t *testing.T, f *os.File, want string) string {
	t.Helper()
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
	read, write := given(t)
	t.Setenv(EnvWatchdog, "2.5")
	c, err := Open()
	if err != nil || c == nil {
		t.Fatalf("%v, %v", c, err)
	}
	var flags uint32
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")
	if ok, _, err := proc.Call(uintptr(write), uintptr(unsafe.Pointer(&flags))); ok == 0 || flags&windows.HANDLE_FLAG_INHERIT != 0 {
		t.Errorf("flags %#x, %v: a child would inherit it", flags, err)
	}
	for _, name := range []string{EnvChannel, EnvWatchdog} {
		if _, still := os.LookupEnv(name); still {
			t.Errorf("%s is left in the environment", name)
		}
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
	file, err := os.Create(t.TempDir() + `\file`)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, value := range []string{"", "three", "0", strconv.Itoa(int(file.Fd())), "65536"} {
		t.Setenv(EnvChannel, value)
		if c, err := Open(); err == nil || c != nil {
			t.Errorf("%q: %v, %v", value, c, err)
		}
	}
}

// Nobody reads for long: nothing waits, and the newest of each key arrives whole in the end, in the order it was sent.
func TestFullPipe(t *testing.T) {
	read, _ := given(t)
	c, err := Open()
	if err != nil || c == nil {
		t.Fatalf("%v, %v", c, err)
	}
	defer c.Close()
	text := strings.Repeat("x", 900)
	for i := range 200 {
		if err := c.Send(Message{Status, text + strconv.Itoa(i)}, Message{Watchdog, "1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Send(Message{Ready, "1"}, Negative(Ready, "later")); err != nil {
		t.Fatal(err)
	}
	got := take(t, read, "READY=0 later\n")
	var s State
	var d Decoder
	d.Write([]byte(got), func(m Message) { s.Apply(m) })
	if d.Refused() > 0 || s.Status != text+"199" || !s.Started || s.Unready != "later" {
		t.Errorf("%d refused; state %+v", d.Refused(), s)
	}
}
