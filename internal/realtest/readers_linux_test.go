package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// as runs daruma as another user of one group beside its own, and gives what it says and its exit code.
func (s *service) as(user, group string, args ...string) (string, int) {
	s.t.Helper()
	cmd := exec.Command("setpriv", append([]string{"--reuid", user, "--regid", user, "--groups", group, s.daruma}, args...)...)
	cmd.Env = append(os.Environ(), "DARUMA_HOME="+s.home)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestReaders: whom the definition names sees status, events, incidents and logs, also when the supervisor was replaced, and gives no order.
// A reload lets in and keeps out.
func TestReaders(t *testing.T) {
	needRoot(t) // to become somebody else
	dir := folder(t)
	define := func(readers string) string {
		return fmt.Sprintf("name: real\ncontrol: {readers: [%s]}\nprograms:\n  it: {command: [/bin/sh, -c, 'echo hello; exec sleep 1000']}\n", readers)
	}
	s := run(t, dir, define(`"group:4713", "group:nobody-has-it"`))
	open(t, s.daruma)
	s.awaitReady("it", 0)
	for _, path := range []string{dir, s.home} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(when, user, group string) {
		t.Helper()
		s.eventually(when+": the reader comes in", func() bool {
			out, code := s.as(user, group, "status", "real")
			return code == 0 && strings.Contains(out, "running")
		})
		for _, c := range []struct {
			line, says string
			code       int
		}{
			{"events real", "(service)", 0},
			{"logs real", "hello", 0},
			{"logs real/it -n 1", "hello", 0},
			{"logs real/daruma -n 5", "", 0},
			{"logs real -o json", `"message":"hello"`, 0},
			{"logs real/other", "other", 1},
			{"incidents real", "record begins", 0},
			{"stop real/it", "no orders", 1}, // the other verbs are package control's
			{"reload real", "no orders", 1},
		} {
			if out, code := s.as(user, group, strings.Fields(c.line)...); code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("%s: daruma %s: exit code %d, want %d and %q:\n%s", when, c.line, code, c.code, c.says, out)
			}
		}
	}
	refused := func(when, user, group string) {
		t.Helper()
		for _, verb := range []string{"status", "events", "logs", "incidents", "stop"} {
			if out, code := s.as(user, group, verb, "real"); code == 0 || strings.Contains(out, "hello") || strings.Contains(out, "running") {
				t.Errorf("%s: daruma %s of a stranger: exit code %d:\n%s", when, verb, code, out)
			}
		}
	}
	s.awaitLogged("it", "hello")
	reads("by group", "4711", "4713")
	if out, _ := s.as("4711", "4713", "status"); !strings.Contains(out, "there is no group nobody-has-it in /etc/group") {
		t.Errorf("an unknown reader isn't told: %s", out)
	}
	refused("beside readers", "4712", "4711")
	st, before := s.status("it")
	kill(t, st.SupervisorPID)
	reads("with a successor", "4711", "4713")
	refused("with a successor", "4712", "4711")

	reload := func(readers string) {
		t.Helper()
		write(t, filepath.Join(dir, "daruma.yaml"), define(readers))
		if out, code := s.verb("reload", "real"); code != 0 {
			t.Fatal(out)
		}
	}
	reload(`"4711"`)
	reads("by account", "4711", "4712")
	s.eventually("the group is kept out", func() bool { _, code := s.as("4714", "4713", "status", "real"); return code != 0 })
	reload("")
	s.eventually("nobody comes in", func() bool { _, code := s.as("4711", "4713", "status", "real"); return code != 0 })
	refused("without readers", "4711", "4713")
	if info, err := os.Stat(filepath.Join(s.home, "real", "run")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the run folder is left with %v: %v", info.Mode(), err)
	}
	if _, now := s.status("it"); now.PID != before.PID {
		t.Error("the program was touched")
	}
}
