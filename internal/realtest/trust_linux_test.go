package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// planted is a definition that an attacker wrote: its program leaves a file.
func planted(marker string) string {
	return fmt.Sprintf("name: real\nprograms:\n  a: {command: [/bin/sh, -c, \"touch %s; exec sleep 1000\"]}\n", marker)
}

// TestRunAsRoot: root doesn't run what anybody may have written, unless told to; who runs a file of their own isn't bothered.
func TestRunAsRoot(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	chmod(t, dir, 0o755)
	file, marker := filepath.Join(dir, "daruma.yaml"), filepath.Join(dir, "marker")
	write(t, file, planted(marker))
	chmod(t, file, 0o666)
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	attacked := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	attacked.begin(exec.Command(daruma, "run", file))
	<-attacked.ended
	if code := attacked.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(attacked.out.String(), "everybody may write to it (chmod o-w "+file+")") {
		t.Errorf("exit code %d, it said\n%s", code, attacked.out)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("root ran what anybody could have written")
	}

	allowed := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	allowed.begin(exec.Command(daruma, "run", "--allow-unsafe", file))
	allowed.await("a started", func(e control.Event) bool { return e.Kind == control.EventStarted })
	write(t, file, planted(marker)+"# changed\n")
	if out, code := allowed.verb("reload", "real"); code != 0 {
		t.Errorf("a reload of what was allowed: %d, %s", code, out)
	}
	allowed.end()

	// The attack by a reload, and by the file of a hook.
	chmod(t, file, 0o644)
	hook := filepath.Join(dir, "hook.sh")
	write(t, hook, "#!/bin/sh\n")
	chmod(t, hook, 0o777)
	s := run(t, dir, "name: real\nprograms:\n  a: {command: [sleep, \"1000\"]}\n")
	s.await("a started", func(e control.Event) bool { return e.Kind == control.EventStarted })
	write(t, file, "name: real\nprograms:\n  a:\n    command: [sleep, \"1000\"]\n    lifecycle: {preStop: {exec: {command: [./hook.sh]}}}\n")
	if out, code := s.verb("reload", "real"); code == 0 || !strings.Contains(out, "programs.a.lifecycle.preStop.exec.command: "+hook) || !strings.Contains(out, "chmod o-w "+hook) {
		t.Errorf("a hook that anybody may write: %d, %s", code, out)
	}

	own := filepath.Join(dir, "own")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(own, "daruma.yaml"), "name: real\nprograms:\n  a: {command: [sleep, \"1000\"]}\n")
	for _, path := range []string{own, filepath.Join(own, "daruma.yaml")} {
		if err := os.Chown(path, 61234, 61234); err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, filepath.Join(own, "daruma.yaml"), 0o664)
	open(t, daruma)
	user := &service{t: t, name: "real", home: filepath.Join(own, "h"), daruma: daruma}
	user.begin(exec.Command("setpriv", "--reuid=61234", "--regid=61234", "--clear-groups", daruma, "run", filepath.Join(own, "daruma.yaml")))
	user.await("a started", func(e control.Event) bool { return e.Kind == control.EventStarted })
}

// TestInstalledTakesNoStrangersDefinition: reload refuses a definition that anybody may write, with the command that mends it; a start
// runs the last good one instead.
func TestInstalledTakesNoStrangersDefinition(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	file, marker := filepath.Join(dir, "daruma.yaml"), filepath.Join(dir, "marker")
	m := newManager(t, dir)
	good := "name: real\nprograms:\n  a: {command: ['" + testbin.Path(t) + "', grace, -after, 10ms]}\n"
	s := host(t, m, dir, good)
	isStarted := func(e control.Event) bool { return e.Kind == control.EventStarted }
	first := s.await("a started", isStarted)
	write(t, file, planted(marker))
	chmod(t, file, 0o666)
	mend := "everybody may write to it (chmod o-w " + file + ")"
	if out, code := s.verb("reload", "real"); code == 0 || !strings.Contains(out, mend) {
		t.Errorf("reload: %d, %s", code, out)
	}
	if _, now := s.status("a"); now.PID != first.PID {
		t.Error("the program was restarted")
	}
	if out, _ := s.verb("status", "real"); !strings.Contains(out, mend) {
		t.Errorf("the status doesn't say what is wrong: %s", out)
	}
	stop := func(s *service) {
		t.Helper()
		if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-s.ended
	}
	stop(s)

	next := &service{t: t, name: "real", home: s.home}
	next.hosted(m, file)
	e := next.await("it says so", func(e control.Event) bool { return e.Kind == control.EventDefinitionRefused })
	if !strings.Contains(e.Reason, "the last good definition") || !strings.Contains(e.Reason, mend) {
		t.Errorf("it says %q", e.Reason)
	}
	next.await("a started", isStarted)
	chmod(t, file, 0o644)
	write(t, file, strings.Replace(good, "10ms", "20ms", 1))
	if out, code := next.verb("reload", "real"); code != 0 {
		t.Errorf("mended: %d, %s", code, out)
	}
	stop(next)

	// Without a good one nothing runs: here another could have put it there.
	write(t, file, planted(marker))
	chmod(t, file, 0o666)
	state := filepath.Join(s.home, "real", "state")
	if err := os.Chown(state, 61234, 61234); err != nil {
		t.Fatal(err)
	}
	last := &service{t: t, name: "real", home: s.home}
	last.hosted(m, file)
	<-last.ended
	if code := last.cmd.ProcessState.ExitCode(); code == 0 {
		t.Errorf("it ran; it said:\n%s", last.out)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("what anybody could have written was run")
	}
}

// TestInstalledGuardsPrograms: at a start, a program whose own file anybody may write isn't started, and the others are; as soon as
// the file is mended it runs.
func TestInstalledGuardsPrograms(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	m := newManager(t, dir)
	script, marker := filepath.Join(dir, "server.sh"), filepath.Join(dir, "marker")
	write(t, script, "touch "+marker+"\nexec sleep 1000\n")
	chmod(t, script, 0o777)
	s := host(t, m, dir, "name: real\nprograms:\n  open: {command: [/bin/sh, server.sh], backoff: {initialSeconds: 0.1, factor: 1, jitter: 0}}\n"+
		"  safe: {command: [sleep, \"1000\"]}\n")
	s.await("safe started", func(e control.Event) bool { return e.Kind == control.EventStarted && e.Program == "safe" })
	e := s.await("open is refused", func(e control.Event) bool { return e.Kind == control.EventBackoff && e.Program == "open" })
	if !strings.Contains(e.Reason, "chmod o-w "+script) {
		t.Errorf("it says %q", e.Reason)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("what anybody could have written was run")
	}
	// A new supervisor knows it, too.
	status, _ := s.status("open")
	if err := unix.Kill(status.SupervisorPID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await("a new supervisor", func(e control.Event) bool { return e.Kind == control.EventSupervisorReplaced })
	s.await("open is refused again", func(e control.Event) bool { return e.Kind == control.EventBackoff && e.Program == "open" })
	if _, err := os.Stat(marker); err == nil {
		t.Error("what anybody could have written was run")
	}
	chmod(t, script, 0o755)
	s.await("open started", func(e control.Event) bool { return e.Kind == control.EventStarted && e.Program == "open" })
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != int(exitcode.Done) {
		t.Errorf("exit code %d", code)
	}
}
