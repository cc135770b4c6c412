package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestReloadUpdatesWhatRuns: a program whose probes or log settings alone changed runs on, is asked by the new probe, and its output is
// rotated by the new settings. So does a successor of the supervisor.
func TestReloadUpdatesWhatRuns(t *testing.T) {
	dir := folder(t)
	const probe = "    readinessProbe: {exec: {command: [sh, -c, 'false']}, periodSeconds: 0.05}\n"
	definition := "name: real\nprograms:\n  asked:\n    command: ['" + testbin.Path(t) + "', grace]\n" + probe +
		"  talks:\n    command: [sh, -c, 'while read x; do seq 300; done < in']\n"
	if err := unix.Mkfifo(filepath.Join(dir, "in"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := run(t, dir, definition)
	s.await("asked", func(e control.Event) bool { return e.Program == "asked" && e.Kind == control.EventStarted })
	s.awaitReady("talks", 0)
	in, err := os.OpenFile(filepath.Join(dir, "in"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_, asked := s.status("asked")
	_, talks := s.status("talks")

	write(t, filepath.Join(dir, "daruma.yaml"), strings.Replace(definition, "'false'", "'true'", 1)+"    logs: {maxSize: 1Ki, maxFiles: 2, compress: false}\n")
	out, code := s.verb("status", "real")
	if want := "takes it, updates as they run asked, talks"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("the status is %d\n%s\nwant in it: %s", code, out, want)
	}
	out, code = s.verb("reload", "real")
	if code != 0 || out != "updated as they run: asked, talks\n" {
		t.Errorf("reload: %d, %q", code, out)
	}
	s.awaitReady("asked", 0)
	if _, err := in.WriteString("1\n2\n3\n4\n5\n"); err != nil {
		t.Fatal(err)
	}
	s.eventually("rotated files", func() bool {
		rotated, _ := filepath.Glob(filepath.Join(s.home, "real", "logs", "talks.0*.log"))
		return len(rotated) == 2
	})
	for name, before := range map[string]control.ProgramStatus{"asked": asked, "talks": talks} {
		if _, now := s.status(name); now.PID != before.PID || now.Generation != 1 || now.Restarts != 0 {
			t.Errorf("%s was process %d and is %d, run %d", name, before.PID, now.PID, now.Generation)
		}
	}
}

// TestReloadOfRestarts: a program of which only the rules of its restart and its stop changed runs on, and both the keeper, which restarts
// without asking, and the supervisor go by the new rules.
func TestReloadOfRestarts(t *testing.T) {
	dir := folder(t)
	definition := "name: real\nprograms:\n  it:\n    command: ['" + testbin.Path(t) + "', ignore-stop]\n    terminationGracePeriodSeconds: 600\n"
	s := run(t, dir, definition+"  other: {command: ['"+testbin.Path(t)+"', hang]}\n")
	s.awaitLogged("it", "ready")
	_, was := s.status("it")
	change := func(settings string) {
		write(t, filepath.Join(dir, "daruma.yaml"), strings.Replace(definition, ": 600", ": 0.1", 1)+settings+"  other: {command: ['"+testbin.Path(t)+"', hang]}\n")
		if out, code := s.verb("reload", "real"); code != 0 || !strings.HasPrefix(out, "updated as they run: it\n") {
			t.Errorf("reload: %d, %q", code, out)
		}
	}
	taken := func() { // the keeper reads anew what the definition allows before it takes the rules, and answers these in the order of its orders
		s.command(control.VerbPause, "it")
		s.command(control.VerbResume, "it")
	}
	change("    restartPolicy: Never\n")
	if _, now := s.status("it"); now.PID != was.PID || now.Generation != was.Generation {
		t.Errorf("it was restarted: %+v", now)
	}
	taken()
	if err := unix.Kill(was.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e := s.await("it is given up", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventFailed })
	if want := "ended by SIGKILL, and restartPolicy is Never"; e.Reason != want {
		t.Errorf("it says %q, not %q", e.Reason, want)
	}
	change("    restartPolicy: Always\n")
	s.awaitReady("it", was.Generation) // what was given up by the old rules begins anew
	s.eventually("it ignores signals again", func() bool { return strings.Count(s.logged("it"), "ready") == 2 })
	if r := s.command(control.VerbStop, "it"); r.EndedBy != control.EndedKill || r.TookMs > 60_000 {
		t.Errorf("%+v, want it killed after the new grace period", r)
	}
}

// TestFallsWhileTheKeeperReads: after a reload the keeper reads what the definition allows, and no order of the supervisor's is carried out
// meanwhile. A program that falls in that time isn't restarted by the rules of before, and its fall is reported at once.
func TestFallsWhileTheKeeperReads(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, readWhile(""))
	s.awaitReady("it", 0)
	st, was := s.status("it")
	for range 20 { // the reader ends when it is done: it has to be caught
		awaitNoReader(t, st.KeeperPID) // of the reload before, which would be caught instead
		caught := make(chan int, 1)
		go func() { caught <- stopReader(st.KeeperPID) }()
		write(t, filepath.Join(dir, "daruma.yaml"), readWhile("restartPolicy: Never"))
		if out, code := s.verb("reload", "real"); code != 0 {
			t.Fatalf("reload: %d, %s", code, out)
		}
		reader := <-caught
		if reader == 0 {
			write(t, filepath.Join(dir, "daruma.yaml"), readWhile(""))
			s.verb("reload", "real")
			continue
		}
		if err := unix.Kill(was.PID, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.await("it is given up", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventFailed })
		if err := unix.Kill(reader, unix.SIGCONT); err != nil { // the keeper gives it ten seconds
			t.Errorf("the process that reads the definition was waited for: %v", err)
		}
		if _, now := s.status("it"); now.Generation != was.Generation {
			t.Errorf("it was started again: run %d", now.Generation)
		}
		return
	}
	t.Fatal("no process that reads the definition was seen")
}

// readWhile is a definition that takes a while to read. setting is one of the program "it".
func readWhile(setting string) string {
	var b strings.Builder
	b.WriteString("name: real\nprograms:\n  other: {command: [sleep, '1000000']}\n  it:\n    command: [sleep, '1000000']\n    " + setting + "\n    env:\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "      NAME%d: value\n", i)
	}
	return b.String()
}

// readerOf gives the pid of the process that reads the definition for a keeper; 0: there is none.
func readerOf(keeper int) (pid int) {
	list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", keeper, keeper))
	for _, child := range strings.Fields(string(list)) {
		line, _ := os.ReadFile("/proc/" + child + "/cmdline") // empty when it has ended and isn't reaped yet
		if strings.HasPrefix(string(line), "daruma\x00reader\x00") {
			fmt.Sscan(child, &pid) //nolint:errcheck // the kernel writes numbers
			return pid
		}
	}
	return 0
}

func awaitNoReader(t *testing.T, keeper int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); readerOf(keeper) != 0; time.Sleep(5 * time.Millisecond) { // sleep: nothing tells of its end
		if time.Now().After(end) {
			t.Fatal("the definition is read for 20 s")
		}
	}
}

// stopReader waits for the process that reads the definition for a keeper and stops it. It gives its pid, 0: none came.
func stopReader(keeper int) int {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		pid := readerOf(keeper)
		if pid == 0 || unix.Kill(pid, unix.SIGSTOP) != nil {
			continue
		}
		// It may have ended before it could be stopped.
		for stopped := time.Now().Add(time.Second); time.Now().Before(stopped); {
			stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			_, state, _ := strings.Cut(string(stat), ") ")
			if strings.HasPrefix(state, "T") {
				return pid
			}
			if state == "" || state[0] == 'Z' || state[0] == 'X' {
				break
			}
		}
		return 0
	}
	return 0
}
