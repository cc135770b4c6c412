package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// work is what a supervisor is asked to hold up.
type work struct {
	dir      string // a folder of its own; everything of the session names it
	programs []program
	logs     logKind
	probe    string // port of an HTTP server that answers /health for every program; "": no probes
}

type program struct {
	name string
	argv []string
}

// logKind is what becomes of the output.
type logKind int

const (
	noLogs logKind = iota
	textLogs
	jsonLogs
)

// session is one running supervisor with its programs.
type session struct {
	peer   *peer
	work   work
	tools  *tools
	cmd    *exec.Cmd
	begun  int64 // clock just before the supervisor's exec
	starts *starts
}

// start is one first instruction of a program.
type start struct {
	at  int64
	pid int
}

// starts reads the fifo that the programs write to.
type starts struct {
	fifo *os.File
	c    chan start
}

func openStarts(path string) (*starts, error) {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s := &starts{fifo: f, c: make(chan start, 100_000)}
	go func() {
		defer close(s.c)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var one start
			if _, err := fmt.Sscan(lines.Text(), &one.at, &one.pid); err == nil {
				s.c <- one
			}
		}
	}()
	return s, nil
}

var errNoStart = errors.New("no program started in time")

func (s *starts) next(timeout time.Duration) (start, error) {
	select {
	case one := <-s.c:
		return one, nil
	case <-time.After(timeout):
		return start{}, errNoStart
	}
}

// await takes n starts and gives their pids and the clock of the last.
func (s *starts) await(n int, timeout time.Duration) (pids []int, last int64, err error) {
	deadline := time.Now().Add(timeout)
	for len(pids) < n {
		one, err := s.next(time.Until(deadline))
		if err != nil {
			return pids, last, fmt.Errorf("%d of %d: %w", len(pids), n, err)
		}
		pids, last = append(pids, one.pid), max(last, one.at)
	}
	return pids, last, nil
}

// startSession starts a supervisor on n programs that run the C program first, or on the ones in w.
func startSession(t *tools, p *peer, n int, w work) (*session, error) {
	dir, err := os.MkdirTemp(t.dir, p.name+"-")
	if err != nil {
		return nil, err
	}
	w.dir = dir
	s := &session{peer: p, tools: t}
	if s.starts, err = openStarts(filepath.Join(dir, "starts")); err != nil {
		return nil, err
	}
	if w.programs == nil {
		for i := range n {
			w.programs = append(w.programs, program{fmt.Sprintf("p%d", i), []string{t.first, filepath.Join(dir, "starts")}})
		}
	}
	for i := range w.programs { // "DIR" in an argument is the folder, which only now has a name
		argv := append([]string(nil), w.programs[i].argv...)
		for k, arg := range argv {
			if rest, ok := strings.CutPrefix(arg, "DIR/"); ok {
				argv[k] = filepath.Join(dir, rest)
			}
		}
		w.programs[i].argv = argv
	}
	s.work = w
	if err := p.prepare(t, &s.work); err != nil {
		return nil, err
	}
	return s, s.launch()
}

// launch starts the supervisor; also once more, after its death.
func (s *session) launch() error {
	s.cmd = s.peer.command(s.tools, &s.work)
	if s.cmd.Env == nil {
		s.cmd.Env = append(os.Environ(), "BENCH_DIR="+s.work.dir)
	}
	out, err := os.OpenFile(filepath.Join(s.work.dir, "supervisor.out"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if s.cmd.Stdout == nil {
		s.cmd.Stdout = out
	}
	if f, ok := s.cmd.Stdout.(*os.File); ok && f != out {
		defer f.Close()
	}
	s.cmd.Stderr = out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.begun = now()
	return s.cmd.Start()
}

// supervisors gives the supervisor's processes: its tree without the programs and what is below them.
func (s *session) supervisors() []int {
	var pids []int
	for _, pid := range tree(s.cmd.Process.Pid) {
		if !runs(pid, s.tools.first, s.tools.testprog) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// programsAlive gives the pids of the session's programs, whoever their parent is.
func (s *session) programsAlive() []int {
	var pids []int
	for _, pid := range belonging(s.work.dir) {
		if runs(pid, s.tools.first, s.tools.testprog) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// end kills everything that was started for the session and removes its folder.
func (s *session) end() {
	for range 100 {
		s.cmd.Process.Kill()
		pids := belonging(s.work.dir)
		for _, pid := range pids {
			unix.Kill(pid, unix.SIGKILL)
		}
		if len(pids) == 0 {
			break
		}
		waitGone(pids, 2*time.Second)
	}
	s.cmd.Wait()
	s.starts.fifo.Close()
	if !s.tools.keep {
		os.RemoveAll(s.work.dir)
	}
}
