package log

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/service/internal/fakejournal"
)

// childProgram is the variable that makes the test binary one of TestChild's programs.
const childProgram = "DARUMA_TEST_LOG_CHILD"

// TestChild is no test but the program that others start, with a stdout of its own.
func TestChild(t *testing.T) {
	program := os.Getenv(childProgram)
	if program == "" {
		return
	}
	h, err := NewHandler(Options{Name: "shop", journal: os.Getenv("DARUMA_TEST_JOURNAL")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	log := slog.New(h)
	switch program {
	case "flood": // stdout isn't read until stderr said that all calls returned
		for i := range 12_000 {
			log.Info("flood", "i", i)
		}
		fmt.Fprintln(os.Stderr, "returned", h.Dropped())
	case "orphan": // stdout's reader goes away
		for i := range 12_000 {
			log.Info("orphan", "i", i)
			if i%1000 == 0 {
				_ = h.Flush(canceled())
			}
		}
		fmt.Fprintln(os.Stderr, "returned", h.Dropped())
		_ = h.Close(context.Background())
		os.Exit(0)
	case "journal":
		log.Info("an info", "order", 7)
		log.Error("an error")
	}
	if err := h.Close(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
	os.Exit(0)
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func childCommand(t *testing.T, program string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(append(os.Environ(), childProgram+"="+program), env...)
	return cmd
}

// TestStdoutNobodyReads: a real stdout, in blocking mode, as a service manager hands it over.
func TestStdoutNobodyReads(t *testing.T) {
	cmd := childCommand(t, "flood")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dropped int
	line, _ := bufio.NewReader(stderr).ReadString('\n') // before a byte of stdout was read
	if _, err := fmt.Sscanf(line, "returned %d", &dropped); err != nil || dropped == 0 {
		t.Fatalf("the child says %q, %v: the calls must return while stdout is full", line, err)
	}
	text, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	records := decodeLines(t, string(text))
	told, notices := 0, 0
	for _, m := range records {
		if n, ok := m["dropped"].(float64); ok {
			told, notices = told+int(n), notices+1
		}
	}
	if told != dropped || len(records)-notices+dropped != 12_000 {
		t.Errorf("%d lines, %d of them tell of %d dropped records; the child dropped %d", len(records), notices, told, dropped)
	}
}

// TestStdoutReaderDies: SIGPIPE would end the child.
func TestStdoutReaderDies(t *testing.T) {
	cmd := childCommand(t, "orphan")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Run(); err != nil || !strings.HasPrefix(stderr.String(), "returned") {
		t.Errorf("%v, it said %q", err, stderr.String())
	}
	_ = w.Close()
}

// TestStdoutIsTheJournal: each record once, natively.
func TestStdoutIsTheJournal(t *testing.T) {
	j := fakejournal.New(t, filepath.Join(t.TempDir(), "socket"))
	run := func(stream func(*syscall.Stat_t) string) string {
		t.Helper()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		info, err := w.Stat()
		if err != nil {
			t.Fatal(err)
		}
		cmd := childCommand(t, "journal", "DARUMA_TEST_JOURNAL="+j.Path, "JOURNAL_STREAM="+stream(info.Sys().(*syscall.Stat_t)))
		cmd.Stdout, cmd.Stderr = w, os.Stderr
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := run(func(s *syscall.Stat_t) string { return fmt.Sprintf("%d:%d", s.Dev, s.Ino) }); got != "" {
		t.Errorf("the journal reads stdout, too: %q", got)
	}
	if e := j.Next(t); e["MESSAGE"] != "an info order=7" || e["ORDER"] != "7" || e["PRIORITY"] != "6" || e["EVENT_ID"] != "200" {
		t.Errorf("%q", e)
	}
	if e := j.Next(t); e["MESSAGE"] != "an error" {
		t.Errorf("%q", e)
	}
	// Somebody else's JOURNAL_STREAM, inherited through a shell with a redirection.
	if got := decodeLines(t, run(func(s *syscall.Stat_t) string { return fmt.Sprintf("%d:%d", s.Dev, s.Ino+1) })); len(got) != 2 {
		t.Errorf("stdout: %q", got)
	}
	if e := j.Next(t); e["MESSAGE"] != "an error" {
		t.Errorf("the journal got %q", e)
	}
}

func TestDevFull(t *testing.T) {
	h := newTestHandler(t, Options{File: "/dev/full", QueueBytes: 16 << 10})
	log := slog.New(h)
	for i := range 1000 {
		log.Info("no room", "i", i)
	}
	if h.Dropped() == 0 {
		t.Error("a queue of 16 KiB took 1000 records")
	}
	err := h.Close(t.Context())
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") || h.Dropped() != 1000 {
		t.Errorf("Close: %v; %d dropped", err, h.Dropped())
	}
}

func TestFileMode(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]os.FileMode{0: 0o600, 0o640: 0o640} {
		path := filepath.Join(dir, want.String())
		h := newTestHandler(t, Options{File: path, FileMode: mode})
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%v, %v, want %v", info.Mode(), err, want)
		}
	}
}
