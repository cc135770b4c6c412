package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
	"github.com/daruma-sh/daruma/internal/wine"
)

// TestStops: the answer to a stop says which step ended the program, and no byte of its last words is lost.
func TestStops(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "loop.bat"), "@echo off\r\necho ready %1 %2\r\n:again\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n")
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  grace: {command: ['%[1]s', grace]}
  slow: {command: ['%[1]s', grace, -after, 1s]}
  plain: {command: ['%[1]s', exit, -after, 1h, -say, ready]}
  deaf: {command: ['%[1]s', ignore-stop], terminationGracePeriodSeconds: 1}
  window: {command: ['%[1]s', window], terminationGracePeriodSeconds: 4}
  closed: {command: ['%[1]s', window], lifecycle: {stopSignal: WM_CLOSE}}
  stubborn: {command: ['%[1]s', window, -deaf], terminationGracePeriodSeconds: 1}
  batch: {command: [./loop, one, "two & three"]}
`, testbin.Path(t)))
	for _, c := range []struct {
		program string
		by      control.EndedBy
		signal  string
		code    int // -1: none
		last    string
	}{
		{"grace", control.EndedSignal, "CTRL_C", 0, "stopping on interrupt\nlast line"},
		{"slow", control.EndedSignal, "CTRL_C", 0, "stopping on interrupt\nlast line"},
		{"plain", control.EndedSignal, "CTRL_C", ctrlCExit, "ready"},
		{"deaf", control.EndedKill, "TerminateJobObject", -1, ""},
		{"window", control.EndedSignal, "WM_CLOSE", 0, "closed by WM_CLOSE"},
		{"closed", control.EndedSignal, "WM_CLOSE", 0, "closed by WM_CLOSE"},
		{"stubborn", control.EndedKill, "TerminateJobObject", -1, ""},
		{"batch", control.EndedSignal, "CTRL_C", ctrlCExit, `ready one "two & three"`},
	} {
		s.awaitLogged(c.program, "ready")
		r := s.command(control.VerbStop, c.program)
		if !r.Done || r.EndedBy != c.by || r.Signal != c.signal {
			t.Errorf("%s: %+v, want it ended by %s %s", c.program, r, c.by, c.signal)
		}
		if r.ExitCode == nil && c.code >= 0 || r.ExitCode != nil && *r.ExitCode != c.code {
			t.Errorf("%s: %+v, want exit code %d", c.program, r, c.code)
		}
		if out := s.logged(c.program); !strings.Contains(strings.ReplaceAll(out, "\r\n", "\n"), c.last) {
			t.Errorf("%s: its log is %q, want %q in it", c.program, out, c.last)
		}
	}
}

// ctrlCExit is STATUS_CONTROL_C_EXIT, the exit code of what doesn't handle Ctrl+C.
const ctrlCExit = 0xC000013A

// TestBatchArguments: a batch file gets its arguments as they are in the definition, and none of them runs anything.
func TestBatchArguments(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "args.cmd"), "@echo off\r\necho %1\r\necho %2\r\necho %3\r\nexit /b 7\r\n")
	s := run(t, dir, `
name: real
programs:
  it:
    command: [./args, "a & echo pwned", "%PATH%", 'C:\dir with blank\']
    restartPolicy: Never
  refused:
    command: [./args, 'say "hello"']
    restartPolicy: Never
  stays: {command: ['`+testbin.Path(t)+`', hang]}
`)
	e := s.await("the end of it", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventExited })
	if !strings.Contains(e.Reason, "exit code 7") {
		t.Errorf("%+v, want exit code 7", e)
	}
	out := strings.ReplaceAll(s.awaitLogged("it", `blank`), "\r\n", "\n")
	want := []string{"\"a & echo pwned\"\n", `"C:\dir with blank\`}
	if !wine.Running() { // whose cmd.exe drops the second percent sign; the variable isn't expanded there either
		want = append(want, "\"%PATH%\"\n")
	}
	for _, text := range want {
		if !strings.Contains(out, text) {
			t.Errorf("the batch file saw %q, want %q in it", out, text)
		}
	}
	if strings.Contains(out, os.Getenv("PATH")) {
		t.Errorf("a variable in an argument was expanded: %q", out)
	}
	if strings.HasPrefix(out, "pwned") || strings.Contains(out, "\npwned") {
		t.Errorf("an argument was run: %q", out)
	}
	s.next = 0
	f := s.await("refused fails", func(e control.Event) bool { return e.Program == "refused" && e.Kind == control.EventFailed })
	if !strings.Contains(f.Reason, "double quote") {
		t.Errorf("reason %q", f.Reason)
	}
}

// TestHooksAndExecProbes run through the keeper, as trees of their own.
func TestHooksAndExecProbes(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "post.cmd"), "@echo %WHO% %CD%> post.txt\r\n")
	write(t, filepath.Join(dir, "check.cmd"), "@if exist down.txt (echo down.txt is there & exit /b 1)\r\n")
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  it:
    command: ['%[1]s', hang]
    env: {WHO: program}
    lifecycle: {postStart: {exec: {command: [./post]}}}
    livenessProbe: {exec: {command: [./check]}, periodSeconds: 0.2, timeoutSeconds: 5, failureThreshold: 2}
  stuck:
    command: ['%[1]s', hang]
    restartPolicy: Never
    livenessProbe: {exec: {command: ['%[1]s', fork, -n, "1", -daemon]}, periodSeconds: 0.1, timeoutSeconds: 0.5, failureThreshold: 2}
`, testbin.Path(t)))
	s.awaitReady("it", 0)
	s.eventually("postStart has written its file", func() bool {
		return strings.TrimSpace(read(t, filepath.Join(dir, "post.txt"))) == "program "+dir
	})
	stuck := s.await("stuck fails", func(e control.Event) bool { return e.Program == "stuck" && e.Kind == control.EventFailed })
	if !strings.Contains(stuck.Reason, "livenessProbe failed 2 times") {
		t.Errorf("reason %q", stuck.Reason)
	}
	write(t, filepath.Join(dir, "down.txt"), "")
	e := s.await("it is unhealthy", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventUnhealthy })
	if !strings.Contains(e.Reason, "down.txt is there") {
		t.Errorf("reason %q", e.Reason)
	}
}

// TestInterrupted: Ctrl+C stops everything with its last words, and the next start finds nothing in its way.
func TestInterrupted(t *testing.T) {
	dir := folder(t)
	def := fmt.Sprintf("name: real\nprograms:\n  it: {command: ['%s', grace]}\n", testbin.Path(t))
	for range 2 {
		s := run(t, dir, def)
		s.awaitReady("it", 0)
		s.awaitLogged("it", "ready")
		begin := time.Now()
		s.end()
		t.Logf("stopped in %v", time.Since(begin).Round(time.Millisecond))
		data := read(t, filepath.Join(s.home, "real", "logs", "it.log"))
		if !strings.HasSuffix(strings.TrimSpace(data), "last line") {
			t.Errorf("the log ends with %q", data)
		}
	}
}

// TestInterruptedTwice: the second Ctrl+C doesn't wait for the grace period.
func TestInterruptedTwice(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it: {command: ['%s', ignore-stop], terminationGracePeriodSeconds: 600}
`, testbin.Path(t)))
	s.awaitLogged("it", "ready")
	tree := descendants(t, s.cmd.Process.Pid)
	s.interrupt()
	s.await("it is stopping", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventStopping })
	s.interrupt()
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatal("daruma goes on")
	}
	for _, p := range tree {
		p.await(t)
	}
}

// TestOneAtATime: a second daruma of the same service says who has it.
func TestOneAtATime(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, fmt.Sprintf("name: real\nprograms:\n  it: {command: ['%s', hang]}\n", testbin.Path(t)))
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	out, code := s.verb("run", filepath.Join(dir, "daruma.yaml"))
	if code != 1 || !strings.Contains(out, fmt.Sprintf("pid %d", st.KeeperPID)) {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// TestWhatWindowsLacksIsRefused: all of it at once, at its place, before anything starts.
func TestWhatWindowsLacksIsRefused(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  it:
    command: ['%s', hang]
    umask: "0027"
    resources: {rlimits: {nofile: 77}, limits: {memory: 512Mi}}
    securityContext: {runAsUser: nobody}
`, testbin.Path(t)))
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	for _, want := range []string{"daruma.yaml:6:5: programs.it.umask", "daruma.yaml:7:", "resources.rlimits", "securityContext.runAsUser"} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("it doesn't say %s:\n%s", want, s.out)
		}
	}
	if strings.Contains(s.out.String(), "limits.memory") {
		t.Errorf("Windows has that:\n%s", s.out)
	}
}

// TestNothingIsLeftBehind: an orderly end leaves no file in the run folder but the lock, and that empty.
func TestNothingIsLeftBehind(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf("name: real\nprograms:\n  it: {command: ['%s', hang], resources: {limits: {memory: 512Mi, processes: 5}}}\n", testbin.Path(t)))
	s.awaitReady("it", 0)
	s.end()
	entries, err := os.ReadDir(filepath.Join(s.home, "real", "run"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" && e.Name() != "spool" {
			t.Errorf("%s is left", e.Name())
		}
	}
	if data := read(t, filepath.Join(s.home, "real", "run", "lock")); data != "" {
		t.Errorf("the lock holds %q", data)
	}
}
