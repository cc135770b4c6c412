package service

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeSystemd is a systemd that only listens: its NOTIFY_SOCKET.
type fakeSystemd struct {
	t      *testing.T
	socket *net.UnixConn
	heard  []string
}

func listen(t *testing.T) *fakeSystemd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return &fakeSystemd{t: t, socket: socket}
}

func (m *fakeSystemd) address() string { return m.socket.LocalAddr().String() }

// await reads messages up to one with that line.
func (m *fakeSystemd) await(prefix string) string {
	m.t.Helper()
	buf := make([]byte, 64<<10)
	_ = m.socket.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		n, err := m.socket.Read(buf)
		if err != nil {
			m.t.Fatalf("no message %q: %v; heard %q", prefix, err, m.heard)
		}
		message := string(buf[:n])
		m.heard = append(m.heard, message)
		for line := range strings.Lines(message + "\n") {
			if strings.HasPrefix(line, prefix) {
				return message
			}
		}
	}
}

// process is the test binary as a service.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *bufio.Reader
	out    strings.Builder
	stderr *buffer
}

func launchService(t *testing.T, program string, env []string, arguments ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], arguments...), stderr: &buffer{}}
	p.cmd.Env = append(os.Environ(), append(env, programVariable+"="+program)...)
	p.cmd.Stderr = p.stderr
	p.begin()
	return p
}

func (p *process) begin() {
	p.t.Helper()
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
}

// await reads the program's output up to a line that holds text.
func (p *process) await(text string) string {
	p.t.Helper()
	for {
		line, err := p.stdout.ReadString('\n')
		p.out.WriteString(line)
		if strings.Contains(line, text) {
			return line
		}
		if err != nil {
			p.t.Fatalf("no %q in the output: %v\n%s%s", text, err, p.out.String(), p.stderr)
		}
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the end of the process and gives its exit code.
func (p *process) end() int {
	p.t.Helper()
	late := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Signal(unix.SIGQUIT) }) // its stacks tell why
	defer late.Stop()
	rest, _ := io.ReadAll(p.stdout)
	p.out.Write(rest)
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) want(code int, texts ...string) {
	p.t.Helper()
	if got := p.end(); got != code {
		p.t.Errorf("exit code %d, want %d\n%s%s", got, code, p.out.String(), p.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(p.out.String()+p.stderr.String(), text) {
			p.t.Errorf("no %q in the output\n%s%s", text, p.out.String(), p.stderr)
		}
	}
}

func TestSignals(t *testing.T) {
	for s, cause := range map[os.Signal]Reason{unix.SIGTERM: ReasonTerminate, unix.SIGINT: ReasonInterrupt, unix.SIGHUP: ReasonConsoleClose} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			t.Parallel()
			p := launchService(t, "plain", nil, "run", "a", "b")
			p.await(`arguments ["a" "b"] in `)
			p.signal(s)
			p.want(0, "cause: "+cause.String(), "nothing left")
		})
	}
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	m := listen(t)
	p := launchService(t, "handlers", []string{"NOTIFY_SOCKET=" + m.address()}, "service-run", "x-handlers", "/dev/stdout", "extra")
	m.await("READY=1")
	p.await(`"extra"] in systemd`)
	p.signal(unix.SIGHUP)
	reloading := m.await("RELOADING=1")
	m.await("READY=1")
	p.await("reload")
	_, stamp, _ := strings.Cut(reloading, "MONOTONIC_USEC=")
	if usec, err := strconv.ParseInt(strings.TrimSpace(stamp), 10, 64); err != nil || time.Duration(usec)*time.Microsecond > monotonic() {
		t.Errorf("message %q has no time of CLOCK_MONOTONIC, %v now", reloading, monotonic())
	}
	p.signal(unix.SIGTERM)
	if stopping := m.await("STOPPING=1"); !strings.Contains(stopping, "STATUS=Stopping: "+ReasonTerminate.String()) {
		t.Errorf("message %q without the reason", stopping)
	}
	m.await("STATUS=Stopped")
	p.want(0, "nothing left")
}

func TestSystemdHearsOfFailures(t *testing.T) {
	for program, c := range map[string]struct {
		code   int
		status string
		texts  []string
	}{
		"fail":    {17, "STATUS=Failed (17): no configuration", []string{"no configuration"}},
		"panic":   {80, "STATUS=Failed (80): Run panicked: out of luck", []string{"out of luck", "main_test.go"}},
		"unready": {81, "STATUS=Failed (81): didn't become ready in time", []string{"host.Ready", "goroutine "}},
		"deaf":    {82, "STATUS=Failed (82): didn't stop in time", []string{"deafTo", "goroutine "}},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			m := listen(t)
			p := launchService(t, program, []string{"NOTIFY_SOCKET=" + m.address()})
			if program == "deaf" {
				m.await("READY=1")
				p.signal(unix.SIGTERM)
				m.await("STOPPING=1")
			}
			m.await(c.status)
			p.want(c.code, c.texts...)
		})
	}
}

func TestSlowStartAndStop(t *testing.T) {
	t.Parallel()
	m := listen(t)
	p := launchService(t, "slow", []string{"NOTIFY_SOCKET=" + m.address()})
	m.await("STATUS=warming up")
	m.await("READY=1")
	p.signal(unix.SIGTERM)
	p.want(0, "nothing left")
	m = listen(t)
	p = launchService(t, "slowstop", []string{"NOTIFY_SOCKET=" + m.address()})
	m.await("READY=1")
	p.signal(unix.SIGTERM)
	m.await("EXTEND_TIMEOUT_USEC=25000000") // with the grace that systemd has beyond our own deadline
	p.want(0, "nothing left")
}

// TestBriefService: one that returns by itself is a clean stop, and systemd hears all of it in order.
func TestBriefService(t *testing.T) {
	t.Parallel()
	m := listen(t)
	p := launchService(t, "brief", []string{"NOTIFY_SOCKET=" + m.address()})
	p.want(0, "nothing left")
	m.await("STATUS=Stopped")
	want := []string{"READY=1", "STOPPING=1\nSTATUS=Stopping: " + ReasonFinished.String(), "STATUS=Stopped"}
	if !slices.Equal(m.heard, want) {
		t.Errorf("heard %q, want %q", m.heard, want)
	}
}

func TestTwoInterrupts(t *testing.T) {
	t.Parallel()
	m := listen(t)
	p := launchService(t, "slowstop", []string{"NOTIFY_SOCKET=" + m.address()})
	m.await("READY=1")
	p.signal(unix.SIGINT)
	m.await("STOPPING=1")
	began := time.Now()
	p.signal(unix.SIGINT)
	if code := p.end(); code != 130 || time.Since(began) > 3*time.Second {
		t.Errorf("exit code %d after %v, want 130 at once", code, time.Since(began))
	}
}

// TestNobodyListens: a NOTIFY_SOCKET that is gone, or is none, keeps no service from working.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	for _, address := range []string{filepath.Join(t.TempDir(), "gone"), "vsock:2:1", "@daruma-nobody"} {
		p := launchService(t, "plain", []string{"NOTIFY_SOCKET=" + address})
		p.await("arguments")
		p.signal(unix.SIGTERM)
		p.want(0, "nothing left")
	}
}
