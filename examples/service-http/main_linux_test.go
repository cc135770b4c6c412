package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// server is the example as a process, with the socket it was handed and the one it notifies.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	listen *net.TCPListener
	notify *net.UnixConn
	output bytes.Buffer
	exited chan error
}

func start(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "http")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	s := &server{t: t, exited: make(chan error, 1)}
	var err error
	if s.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	if s.listen, err = net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil { // a port of its own
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.notify.Close(), s.listen.Close() })
	file, err := s.listen.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// The shell says its pid before it becomes the program: sd_listen_fds(3).
	s.cmd = exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec "$0" run`, program)
	s.cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=http", "NOTIFY_SOCKET="+s.notify.LocalAddr().String())
	s.cmd.ExtraFiles = []*os.File{file}
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.exited <- s.cmd.Wait()
		_ = s.notify.Close() // nobody waits for words of a process that is gone
	}()
	return s
}

func (s *server) hear(word string) {
	s.t.Helper()
	text := make([]byte, 4096)
	for {
		n, err := s.notify.Read(text)
		if err != nil {
			s.t.Fatalf("no %s: %v", word, err)
		}
		if strings.Contains("\n"+string(text[:n])+"\n", "\n"+word+"\n") {
			return
		}
	}
}

// TestDrains: SIGTERM while a request is half sent; it is answered, and the exit code is 0.
func TestDrains(t *testing.T) {
	s := start(t)
	s.hear("READY=1")
	conn, err := net.Dial("tcp", s.listen.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n') // comes when the handler begins to read
	if line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.hear("STOPPING=1")
	select {
	case err := <-s.exited:
		t.Fatalf("it ended with a request in flight: %v", err)
	default:
	}
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer)
	if !strings.Contains(string(text), "200 OK") || !strings.HasSuffix(string(text), "5 bytes\n") {
		t.Errorf("%q, %v", text, err)
	}
	if err := <-s.exited; err != nil {
		t.Errorf("%v: %s", err, s.output.String())
	}
}

// TestLines: what the project promises of its HTTP server.
func TestLines(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n >= 30 {
		t.Errorf("%d lines, not under 30", n)
	}
}

// TestPage: the page for Go programmers shows this very program.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/go.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(text), "\n") // without the comment above it
	if !strings.Contains(string(page), "```go\n"+program+"```") {
		t.Errorf("docs/go.md doesn't show main.go as it is:\n%s", program)
	}
}
