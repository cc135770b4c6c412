package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHello: ready, asked to stop, gone with 0, as systemd sees it.
func TestHello(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "hello")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	cmd := exec.CommandContext(t.Context(), program, "run")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+notify.LocalAddr().String())
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() {
		exited <- cmd.Wait()
		_ = notify.Close() // nobody waits for words of a process that is gone
	}()
	hear := func(word string) {
		t.Helper()
		text := make([]byte, 4096)
		for {
			n, err := notify.Read(text)
			if err != nil {
				t.Fatalf("no %s: %v; it said %s", word, err, output.String())
			}
			if strings.Contains("\n"+string(text[:n])+"\n", "\n"+word+"\n") {
				return
			}
		}
	}
	hear("READY=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	hear("STOPPING=1")
	if err := <-exited; err != nil {
		t.Errorf("%v: %s", err, output.String())
	}
}

// TestLines: what the project promises of its least service, without the comment above it.
func TestLines(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n") - strings.Count(string(text), "//"); n >= 15 {
		t.Errorf("%d lines, not under 15", n)
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
