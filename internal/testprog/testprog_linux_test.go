package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
	"golang.org/x/sys/unix"
)

// child is a running testprog. It is killed, and waited for, when the test ends.
type child struct {
	*exec.Cmd
	t     *testing.T
	lines *bufio.Reader
}

func start(t *testing.T, change func(*exec.Cmd), args ...string) *child {
	t.Helper()
	cmd := exec.Command(testbin.Path(t), args...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	return &child{Cmd: cmd, t: t, lines: bufio.NewReader(out)}
}

// line gives the next line of output without its newline.
func (c *child) line() string {
	c.t.Helper()
	text, err := c.lines.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%q and then %v", text, err)
	}
	return strings.TrimSuffix(text, "\n")
}

func (c *child) code() int {
	c.Wait()
	return c.ProcessState.ExitCode()
}

// output runs testprog to its end.
func output(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(testbin.Path(t), args...).Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

func TestExit(t *testing.T) {
	begin := time.Now()
	c := start(t, nil, "exit", "-code", "7", "-after", "50ms", "-say", "hello")
	if got := c.line(); got != "hello" {
		t.Errorf("said %q", got)
	}
	if got := c.code(); got != 7 {
		t.Errorf("exit code %d", got)
	}
	if d := time.Since(begin); d < 50*time.Millisecond {
		t.Errorf("ended after %v", d)
	}
}

func TestNoVerb(t *testing.T) {
	for _, args := range [][]string{nil, {"nothing"}, {"raw", "nothing"}, {"flood", "-size", "3"}, {"eat", "-bytes", "9999999999"}, {"exec"}} {
		cmd := exec.Command(testbin.Path(t), args...)
		if cmd.Run(); cmd.ProcessState.ExitCode() != 99 {
			t.Errorf("%v: exit code %d", args, cmd.ProcessState.ExitCode())
		}
	}
}

func TestHangDiesOfTERM(t *testing.T) {
	c := start(t, nil, "hang")
	c.line()
	c.Process.Signal(syscall.SIGTERM)
	c.Wait()
	if s := c.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGTERM {
		t.Errorf("ended by %v", c.ProcessState)
	}
}

func TestIgnoreStop(t *testing.T) {
	c := start(t, nil, "ignore-stop")
	c.line()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "SigIgn:\t")
	mask, err := strconv.ParseUint(rest[:16], 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2} {
		if mask>>(sig-1)&1 == 0 {
			t.Errorf("%v isn't ignored (%x)", sig, mask)
		}
	}
}

func TestGrace(t *testing.T) {
	c := start(t, nil, "grace", "-code", "5", "-after", "30ms")
	c.line()
	c.Process.Signal(syscall.SIGTERM)
	if got := c.line(); got != "stopping on terminated" {
		t.Errorf("said %q", got)
	}
	rest, err := io.ReadAll(c.lines)
	if err != nil || string(rest) != "last line" {
		t.Errorf("the end is %q, %v", rest, err)
	}
	if got := c.code(); got != 5 {
		t.Errorf("exit code %d", got)
	}
}

// subreaper makes orphans this process's children, and ends all its children after the test.
func subreaper(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		lists, _ := filepath.Glob("/proc/self/task/*/children")
		for _, list := range lists {
			text, _ := os.ReadFile(list)
			for _, word := range strings.Fields(string(text)) {
				if pid, err := strconv.Atoi(word); err == nil {
					unix.Kill(pid, unix.SIGKILL)
					unix.Wait4(pid, nil, 0, nil)
				}
			}
		}
	})
}

func TestFork(t *testing.T) {
	subreaper(t)
	cases := map[string]struct {
		args    []string
		session bool // each child in a session of its own
		leave   bool
	}{
		"children": {args: []string{"-n", "3"}},
		"daemons":  {args: []string{"-n", "2", "-daemon"}, session: true},
		"bomb":     {args: []string{"-n", "20", "-ignore"}},
		"leave":    {args: []string{"-n", "1", "-daemon", "-ignore", "-leave"}, session: true, leave: true},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			c := start(t, nil, append([]string{"fork"}, want.args...)...)
			var children []int
			for {
				var pid int
				if line := c.line(); strings.HasPrefix(line, "ready") {
					break
				} else if _, err := fmt.Sscanf(line, "child %d", &pid); err != nil {
					t.Fatalf("said %q", line)
				}
				children = append(children, pid)
			}
			n, err := strconv.Atoi(want.args[1])
			if err != nil || len(children) != n {
				t.Fatalf("%d children", len(children))
			}
			if want.leave && c.code() != 0 {
				t.Errorf("exit code %d", c.code())
			}
			for _, pid := range children {
				checkChild(t, pid, c.Process.Pid, want.session)
			}
		})
	}
}

// checkChild looks at a child of fork, and ends it.
func checkChild(t *testing.T, pid, parent int, session bool) {
	t.Helper()
	defer func() {
		unix.Kill(pid, unix.SIGKILL)
		unix.Wait4(pid, nil, 0, nil) // ECHILD where it isn't ours: its parent is about to be ended
	}()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest) // state, ppid, pgrp, session
	if session && (f[1] != strconv.Itoa(os.Getpid()) || f[3] != strconv.Itoa(pid)) {
		t.Errorf("daemon %d: parent %s, session %s", pid, f[1], f[3])
	}
	if !session && f[1] != strconv.Itoa(parent) {
		t.Errorf("child %d: parent %s, not %d", pid, f[1], parent)
	}
}

func TestFlood(t *testing.T) {
	for _, args := range [][]string{{"-size", "120"}, {"-size", "12", "-chunk", "1"}, {"-size", "100000"}} {
		out := output(t, append([]string{"flood", "-n", "1000"}, args...)...)
		size, err := strconv.Atoi(args[1])
		if err != nil || len(out) != 1000*size {
			t.Fatalf("%v: %d bytes", args, len(out))
		}
		for i := range 1000 {
			line := out[i*size : (i+1)*size]
			if string(line[:10]) != fmt.Sprintf("%010d", i) || bytes.IndexByte(line, '\n') != size-1 {
				t.Fatalf("%v: line %d is %q", args, i, line)
			}
		}
	}
	held := start(t, nil, "flood", "-n", "1", "-hold")
	held.line()
	if err := held.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("-hold: %v", err)
	}
	begin := time.Now()
	output(t, "flood", "-n", "100", "-rate", "1000", "-chunk", "1")
	if d := time.Since(begin); d < 100*time.Millisecond {
		t.Errorf("100 lines at 1,000 a second took %v", d)
	}
}

func TestRaw(t *testing.T) {
	for kind, is := range map[string]func([]byte) bool{
		"tail":  func(b []byte) bool { return bytes.Count(b, []byte("\n")) == 1 && b[len(b)-1] != '\n' },
		"nul":   func(b []byte) bool { return bytes.Count(b, []byte{0}) == 4 },
		"utf8":  func(b []byte) bool { return !utf8.Valid(b) },
		"long":  func(b []byte) bool { return bytes.IndexByte(b, '\n') == 20<<20 },
		"split": func(b []byte) bool { return utf8.Valid(b) && utf8.RuneCount(b) < len(b) },
	} {
		if got := output(t, "raw", kind); !bytes.Equal(got, rawBytes(kind)) || !is(got) {
			t.Errorf("%s: %d bytes, %.60q", kind, len(got), got)
		}
	}
}

// health asks /health and gives the status, 0 where the answer didn't come in time.
func health(t *testing.T, addr string, timeout time.Duration) int {
	t.Helper()
	client := http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + addr + "/health")
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestHTTP(t *testing.T) {
	const long = 10 * time.Second
	c := start(t, nil, "http", "-ready-after", "200ms")
	addr := strings.TrimPrefix(c.line(), "ready ")
	if got := health(t, addr, long); got != 503 {
		t.Errorf("before it is ready: %d", got)
	}
	for health(t, addr, long) != 200 {
		if t.Context().Err() != nil {
			t.Fatal("never ready")
		}
	}
	get(t, "http://"+addr+"/fail")
	if got := health(t, addr, long); got != 503 {
		t.Errorf("failing: %d", got)
	}
	get(t, "http://"+addr+"/hang")
	if got := health(t, addr, 100*time.Millisecond); got != 0 {
		t.Errorf("hanging: %d", got)
	}
	get(t, "http://"+addr+"/ok")
	if got := health(t, addr, long); got != 200 {
		t.Errorf("well again: %d", got)
	}
	if got := get(t, "http://"+addr+"/pid"); got != fmt.Sprintln(c.Process.Pid) {
		t.Errorf("pid %q", got)
	}
	http.Get("http://" + addr + "/exit?code=9") // its answer never comes
	if got := c.code(); got != 9 {
		t.Errorf("exit code %d", got)
	}
}

func TestListenFDs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// The shell knows the pid that exec keeps.
	c := start(t, func(cmd *exec.Cmd) {
		cmd.Args = []string{"sh", "-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" http -listen-fds`, cmd.Path}
		cmd.Path = "/bin/sh"
		cmd.ExtraFiles = []*os.File{file}
	})
	if got := c.line(); got != "ready "+listener.Addr().String() {
		t.Errorf("said %q", got)
	}
	if got := get(t, "http://"+listener.Addr().String()+"/pid"); got != fmt.Sprintln(c.Process.Pid) {
		t.Errorf("answered by %q", got)
	}
	wrong := exec.Command(testbin.Path(t), "http", "-listen-fds")
	wrong.Env = []string{"LISTEN_FDS=1", "LISTEN_PID=1"}
	if wrong.Run(); wrong.ProcessState.ExitCode() != 99 {
		t.Error("LISTEN_PID of another process was accepted")
	}
}

func TestTCP(t *testing.T) {
	c := start(t, nil, "tcp")
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.line(), "ready "))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != fmt.Sprintln("hello from", c.Process.Pid) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestSelf(t *testing.T) {
	c := start(t, func(cmd *exec.Cmd) { cmd.Dir, cmd.Env = "/usr", []string{"A=1", "B="} }, "self")
	var id identity
	if err := json.Unmarshal([]byte(c.line()), &id); err != nil {
		t.Fatal(err)
	}
	mask := umask()
	if id.PID != c.Process.Pid || id.PPID != os.Getpid() || id.UID != os.Getuid() || id.GID != os.Getgid() || id.Dir != "/usr" ||
		id.Umask != mask || len(id.Env) < 2 || id.Env[0] != "A=1" || id.Env[1] != "B=" || len(id.Args) != 2 {
		t.Errorf("got %+v", id)
	}
}

func TestEat(t *testing.T) {
	c := start(t, nil, "eat", "-bytes", strconv.Itoa(100<<20), "-hold")
	c.line()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if kb, err := strconv.Atoi(strings.Fields(rest)[0]); err != nil || kb < 100<<10 {
		t.Errorf("resident: %d kB, %v", kb, err)
	}
	if got := string(output(t, "eat", "-bytes", "8192")); got != "ready 8192\nsum 2\n" {
		t.Errorf("got %q", got)
	}
}

// TestTouch: both programs write the time and the pid, one line for each start.
func TestTouch(t *testing.T) {
	for name, command := range map[string][]string{
		"testprog": {testbin.Path(t), "touch", "FILE", "-exit", "3"},
		"first":    {testbin.First(t), "FILE", "exit", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "starts")
			for i, arg := range command {
				if arg == "FILE" {
					command[i] = file
				}
			}
			for n := 1; n <= 2; n++ {
				before := clock()
				cmd := exec.Command(command[0], command[1:]...)
				if cmd.Run(); cmd.ProcessState.ExitCode() != 3 {
					t.Fatalf("exit code %d", cmd.ProcessState.ExitCode())
				}
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(strings.TrimSpace(string(data)), "\n")
				var at int64
				var pid int
				if _, err := fmt.Sscan(lines[len(lines)-1], &at, &pid); err != nil || len(lines) != n || at <= before || at >= clock() || pid != cmd.Process.Pid {
					t.Errorf("start %d: %q (%v)", n, data, err)
				}
			}
		})
	}
}

// TestTouchHangs: without an exit code both stay, and say so to a fifo as well.
func TestTouchHangs(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!"+testbin.First(t)+" "+fifo+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{testbin.Path(t), "touch", fifo}, {testbin.First(t), fifo}, {script}} {
		cmd := exec.Command(command[0], command[1:]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadString('\n')
		if err != nil || !strings.HasSuffix(line, fmt.Sprintf(" %d\n", cmd.Process.Pid)) {
			t.Errorf("%s said %q, %v", filepath.Base(command[0]), line, err)
		}
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGTERM {
			t.Errorf("%s ended by %v", filepath.Base(command[0]), cmd.ProcessState)
		}
	}
}

func TestExec(t *testing.T) {
	c := start(t, nil, "exec", "sh", "-c", "echo $$ $0", "name")
	if got := c.line(); got != fmt.Sprintf("%d name", c.Process.Pid) {
		t.Errorf("said %q", got)
	}
}

// TestBuildingAtTheSameTime: many test processes ask at once; all get the same program, and it runs.
func TestBuildingAtTheSameTime(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var wg sync.WaitGroup
	paths := make([]string, 8)
	for i := range paths {
		wg.Go(func() { paths[i] = testbin.Path(t) })
	}
	wg.Wait()
	for _, path := range paths {
		if path != paths[0] {
			t.Errorf("%s and %s", path, paths[0])
		}
	}
	if err := exec.Command(paths[0], "exit").Run(); err != nil {
		t.Error(err)
	}
}
