package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
)

// patience is how long the test waits for what must happen; only a failing test uses it up.
const patience = 60 * time.Second

// build builds both executables into dir.
func build(t *testing.T, dir string) (daruma string) {
	t.Helper()
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", dir+"/", "github.com/daruma-sh/daruma/cmd/...").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "daruma")
}

// terminal is a pseudo-terminal on which a command runs, and what was written to it.
type terminal struct {
	t      *testing.T
	person *os.File
	cmd    *exec.Cmd
	ended  chan struct{}
	drawn  chan struct{} // closed when all that it wrote has been read

	mu      sync.Mutex
	written []byte
	columns uint16
}

func onTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{t: t, person: person, cmd: cmd, ended: make(chan struct{}), drawn: make(chan struct{}), columns: 100}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.resize()
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read()
	go func() {
		_ = cmd.Wait() // its verdict is in ProcessState
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-s.ended
		_ = person.Close()
	})
	return s
}

// read reads until nobody has the terminal open any more, which is an error on this side.
func (s *terminal) read() {
	defer close(s.drawn)
	buf := make([]byte, 64<<10)
	for {
		n, err := s.person.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.written = append(s.written, buf[:n]...)
		s.mu.Unlock()
	}
}

// resize changes the window, upon which all of it is drawn anew.
func (s *terminal) resize() {
	s.columns ^= 1
	if err := unix.IoctlSetWinsize(int(s.person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: s.columns}); err != nil {
		s.t.Error(err)
	}
}

func (s *terminal) press(keys string) {
	s.t.Helper()
	if _, err := s.person.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// sequences are those that move the cursor and set colours.
var sequences = regexp.MustCompile(`\x1b(\[[0-9;?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78])`)

// await draws the screen anew until pattern is on it. Blanks stand for whatever moves the cursor on.
func (s *terminal) await(pattern string) {
	s.t.Helper()
	wanted := regexp.MustCompile("(?s)" + strings.ReplaceAll(pattern, " ", `\s+`))
	for end := time.Now().Add(patience); time.Now().Before(end); {
		s.mu.Lock()
		s.written = nil
		s.mu.Unlock()
		s.resize()
		time.Sleep(200 * time.Millisecond) // sleep: a terminal doesn't tell when it is drawn
		if wanted.MatchString(s.text()) {
			return
		}
	}
	s.t.Fatalf("%q isn't on the screen:\n%s", pattern, s.text())
}

func (s *terminal) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(sequences.ReplaceAll(s.written, []byte(" ")))
}

// A real daruma top on a terminal shows a real service: a program that is killed and restarted, its logs, an order that is given to it, and
// leaves the terminal as it was.
func TestTopOnATerminal(t *testing.T) {
	dir, err := os.MkdirTemp("", "d") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	daruma := build(t, dir)
	definition := filepath.Join(dir, "daruma.yaml")
	text := "name: shop\nprograms:\n  api:\n    command: [sh, -c, 'echo begun $$$$; exec sleep 1000']\n"
	if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "DARUMA_HOME="+dir+"/h", "TERM=xterm-256color")
	service := exec.Command(daruma, "run", definition)
	var said bytes.Buffer
	service.Env, service.Stdout, service.Stderr = environment, &said, &said
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = service.Process.Signal(os.Interrupt)
		if err := service.Wait(); err != nil {
			t.Errorf("%v\n%s", err, &said)
		}
	})
	if out, err := exec.Command(daruma, "top").CombinedOutput(); err == nil || !strings.Contains(string(out), "daruma status --watch") {
		t.Errorf("without a terminal: %v, %s", err, out)
	}
	client := control.NewClient(filepath.Join(dir, "h", "shop", "run", "control.sock"))
	pid := awaitRun(t, client, 0)

	cmd := exec.Command(daruma, "top")
	cmd.Env = environment
	s := onTerminal(t, cmd)
	s.await(fmt.Sprintf("api running yes %d", pid))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next := awaitRun(t, client, pid)
	s.await(fmt.Sprintf("api running yes %d [0-9.]+s 1", next))

	s.press("j\r")
	s.await(fmt.Sprintf("logs of shop/api .*begun %d .*begun %d", pid, next))
	s.press("\r")
	s.await("api running")
	s.press("i")
	s.await("incidents of shop/api .*ended by SIGKILL")
	s.press("\r")
	s.await("api running")
	s.press("r")
	s.await(`restart shop/api\? y: yes`)
	s.press("y")
	s.await("shop/api: restarted after")
	s.await(fmt.Sprintf("api running yes %d", awaitRun(t, client, next)))

	s.press("q")
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatal("q doesn't end it")
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	<-s.drawn
	if !bytes.Contains(s.written, []byte("\x1b[?1049l")) {
		t.Errorf("the terminal's own screen isn't back: %q", s.written)
	}
}

// awaitRun waits until api runs with another pid than before, and gives it.
func awaitRun(t *testing.T, client *control.Client, before int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		if st, err := client.Status(ctx); err == nil && st.Programs[0].Ready && st.Programs[0].PID != before {
			return st.Programs[0].PID
		}
		time.Sleep(10 * time.Millisecond) // sleep: before the supervisor listens, nothing can be awaited
	}
	t.Fatal("api doesn't run")
	return 0
}
