package realtest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// patience is how long a test waits for what must happen; only a failing test ever uses it up.
const patience = 60 * time.Second

// service is one running `daruma run` and what it says.
type service struct {
	t      *testing.T
	name   string
	home   string // DARUMA_HOME
	daruma string // the binary
	exit   int    // wanted exit code after Ctrl+C
	system bool   // it is installed: the folders are the system's, there is no DARUMA_HOME
	cmd    *exec.Cmd
	ended  chan struct{}
	client *control.Client
	out    *output

	mu     sync.Mutex
	events []control.Event
	news   chan struct{} // closed and replaced with every event
	next   int           // first event that await hasn't looked at
}

// output collects what daruma prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// run writes the definition into dir and starts daruma on it. The test's end ends it, and nothing of it may be left.
func run(t *testing.T, dir, definition string) *service {
	t.Helper()
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, definition)
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	s.begin(exec.Command(daruma, "run", file))
	return s
}

// begin starts cmd, which becomes or contains the service's daruma, as the leader of a process group: a terminal's
// Ctrl+C goes to all of a group.
func (s *service) begin(cmd *exec.Cmd) {
	s.t.Helper()
	s.cmd, s.ended, s.out, s.news = cmd, make(chan struct{}), &output{}, make(chan struct{})
	s.client = control.NewClient(filepath.Join(s.home, s.name, "run", "control.sock"))
	cmd.Env = append(cmd.Environ(), "DARUMA_HOME="+s.home)
	cmd.Stdout, cmd.Stderr = s.out, s.out
	cmd.SysProcAttr = apart()
	cmd.WaitDelay = 10 * time.Second // a program that survived daruma would hold the output open
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		cmd.Wait() // its verdict is in ProcessState
		close(s.ended)
	}()
	s.t.Cleanup(s.end)
	s.follow()
}

// end interrupts daruma, as Ctrl+C does, and wants it and all of its processes gone.
func (s *service) end() {
	tree := descendants(s.t, s.cmd.Process.Pid)
	select {
	case <-s.ended:
		return // the test ended it
	default:
	}
	s.interrupt()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.cmd.Process.Kill()
		<-s.ended
		s.t.Errorf("daruma didn't end within %v of Ctrl+C", patience)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != s.exit && !s.t.Failed() {
		s.t.Errorf("exit code %d after Ctrl+C, want %d", code, s.exit)
	}
	s.awaitGone(tree)
	if s.t.Failed() {
		s.t.Logf("daruma said:\n%s", s.out)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			s.t.Logf("event %s", show(e))
		}
	}
}

// awaitGone waits until nothing of the tree is left. The supervisor may outlive the keeper by a moment, and init collects it.
func (s *service) awaitGone(tree []process) {
	s.t.Helper()
	for end := time.Now().Add(patience); slices.ContainsFunc(tree, process.lives) && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond) // sleep: init tells nobody
	}
	s.wantGone(tree)
}

func show(e control.Event) string {
	return fmt.Sprintf("%s %d %s/%d %s pid %d: %s", e.Time.Format("05.000"), e.Seq, e.Program, e.Generation, e.Kind, e.PID, e.Reason)
}

// follow collects the service's events from the first one on, across supervisors.
func (s *service) follow() {
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	go func() {
		var since uint64
		for ctx.Err() == nil {
			// The error is of no interest: no supervisor yet, or between two of them.
			_ = s.client.Events(ctx, control.From{Since: &since, Follow: true}, func(e control.Event) error {
				since = e.Seq
				s.mu.Lock()
				defer s.mu.Unlock()
				s.events = append(s.events, e)
				close(s.news)
				s.news = make(chan struct{})
				return nil
			})
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
}

// await gives the next event for which found holds, passing over those before it.
func (s *service) await(what string, found func(control.Event) bool) control.Event {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		for s.next < len(s.events) {
			e := s.events[s.next]
			s.next++
			if found(e) {
				s.mu.Unlock()
				return e
			}
		}
		news := s.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-s.ended:
			s.t.Fatalf("daruma ended with code %d before %s; it said:\n%s", s.cmd.ProcessState.ExitCode(), what, s.out)
		case <-late:
			s.t.Fatalf("%s didn't happen within %v", what, patience)
		}
	}
}

// awaitReady waits until a run of program later than after is ready.
func (s *service) awaitReady(program string, after int) control.Event {
	s.t.Helper()
	return s.await(fmt.Sprintf("%s ready in a run after %d", program, after), func(e control.Event) bool {
		return e.Kind == control.EventReady && e.Program == program && e.Generation > after
	})
}

// seen are all events so far of this kind.
func (s *service) seen(kind control.EventKind) []control.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []control.Event
	for _, e := range s.events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// status asks for the service's status and gives it with that of the program.
func (s *service) status(program string) (control.Status, control.ProgramStatus) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	st, err := s.client.Status(ctx)
	if err != nil {
		s.t.Fatalf("status: %v", err)
	}
	for _, p := range st.Programs {
		if p.Name == program {
			return st, p
		}
	}
	s.t.Fatalf("status knows no program %q: %+v", program, st)
	return control.Status{}, control.ProgramStatus{}
}

// command has a verb carried out on the program.
func (s *service) command(verb control.Verb, program string) control.ProgramResult {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := s.client.Command(ctx, control.Command{Verb: verb, Program: program, Reason: "test"})
	if err != nil {
		s.t.Fatalf("%s %s: %v", verb, program, err)
	}
	if len(answer.Results) != 1 || answer.Results[0].Program != program {
		s.t.Fatalf("%s %s: results %+v, want one", verb, program, answer.Results)
	}
	return answer.Results[0]
}

// verb runs daruma's command line for this service and gives what it prints and its exit code.
func (s *service) verb(args ...string) (string, int) {
	s.t.Helper()
	cmd := exec.Command(s.daruma, args...)
	if !s.system {
		cmd.Env = append(cmd.Environ(), "DARUMA_HOME="+s.home)
	}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatalf("daruma %s: %v", strings.Join(args, " "), err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// eventually asks until the answer is yes, where daruma has no event for it.
func (s *service) eventually(what string, yes func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !yes(); {
		if time.Now().After(end) {
			s.t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(5 * time.Millisecond) // sleep: the outside world tells nobody
	}
}

// logged gives what `daruma logs` shows of a program. As long as there is no log it says so instead.
func (s *service) logged(program string) string {
	s.t.Helper()
	out, _ := s.verb("logs", "-n", "1000", s.name+"/"+program)
	return out
}

// awaitLogged waits until a program has printed text, and gives all it printed.
func (s *service) awaitLogged(program, text string) (out string) {
	s.t.Helper()
	s.eventually(program+" prints "+text, func() bool {
		out = s.logged(program)
		return strings.Contains(out, text)
	})
	return out
}
