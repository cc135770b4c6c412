package realtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// through starts daruma on a definition by way of other commands: a shell that lowers a limit, another user.
func through(t *testing.T, dir, definition string, env []string, wrap ...string) *service {
	t.Helper()
	daruma, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return throughWith(t, dir, daruma, definition, env, wrap...)
}

// throughBinary runs another daruma than the one that was built.
func throughBinary(t *testing.T, dir, daruma, definition string) *service {
	t.Helper()
	return throughWith(t, dir, daruma, definition, nil)
}

func throughWith(t *testing.T, dir, daruma, definition string, env []string, wrap ...string) *service {
	t.Helper()
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, definition)
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: daruma}
	words := append(append([]string{}, wrap...), daruma, "run", file)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), env...)
	s.begin(cmd)
	return s
}

// needRoot skips a test that only root can make; CI is root.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("DARUMA_CI") != "" {
		t.Fatal("this test needs root, and DARUMA_CI is set")
	}
	t.Skip("this test needs root")
}

// TestCannotStart: what can't be started is named, backs off, and disturbs nobody.
func TestCannotStart(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "plain.txt"), "no program")
	write(t, filepath.Join(dir, "crlf"), "#!/bin/sh\r\nexit 0\r\n")
	if err := os.Chmod(filepath.Join(dir, "crlf"), 0o755); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  good: {command: [%[1]s, hang]}
  missing: {command: [bin/nosuch]}
  nowhere: {command: [daruma-no-such-command]}
  plain: {command: [./plain.txt]}
  crlf: {command: [./crlf]}
  limited: {command: [./crlf], umask: "022"}
  hooked: {command: [%[1]s, hang], lifecycle: {postStart: {exec: {command: [./crlf]}}}}
  homeless: {command: [%[1]s, hang], workingDir: %[2]s/gone}
  port: {command: [%[1]s, hang], listen: [{name: web, address: %[3]q}]}
  nobody: {command: [%[1]s, hang], securityContext: {runAsUser: daruma-no-such-user}}
`, testbin.Path(t), dir, taken.Addr().String()))
	s.awaitReady("good", 0)
	for program, words := range map[string][]string{
		"missing":  {"bin/nosuch", dir + "/bin/nosuch", "no such file"},
		"nowhere":  {"daruma-no-such-command", "not found in PATH", "folders"},
		"crlf":     {"starting " + dir + "/crlf: ", "CR LF"},
		"limited":  {"starting " + dir + "/crlf: ", "CR LF"}, // through the launcher
		"hooked":   {"starting " + dir + "/crlf: ", "CR LF"},
		"plain":    {"plain.txt", "not executable"},
		"homeless": {"workingDir " + dir + "/gone"},
		"port":     {"listen.web", "address already in use"},
		"nobody":   {"daruma-no-such-user"},
	} {
		s.eventually(program+" in backoff", func() bool {
			_, p := s.status(program)
			return p.State == control.StateBackoff
		})
		_, p := s.status(program)
		for _, w := range words {
			if !strings.Contains(p.Reason, w) {
				t.Errorf("%s: the reason %q doesn't mention %q", program, p.Reason, w)
			}
		}
	}
	if _, p := s.status("good"); p.State != control.StateRunning || p.Generation != 1 {
		t.Errorf("the good program was disturbed: %+v", p)
	}
}

// TestComesUpWhenTheObstacleGoes: the cause is removed, the program starts without anybody's help.
func TestComesUpWhenTheObstacleGoes(t *testing.T) {
	dir := folder(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  port:
    command: [%s, http, -listen-fds]
    listen: [{name: web, address: %q}]
    backoff: {maxSeconds: 0.5}
  later: {command: [./later], backoff: {maxSeconds: 0.5}}
`, testbin.Path(t), taken.Addr().String()))
	for _, program := range []string{"port", "later"} {
		s.await(program+" backs off", func(e control.Event) bool { return e.Program == program && e.Kind == control.EventBackoff })
		s.next = 0
	}
	taken.Close()
	write(t, filepath.Join(dir, "later"), "#!/bin/sh\nexec sleep 1000\n")
	if err := os.Chmod(filepath.Join(dir, "later"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.awaitReady("port", 0)
	s.next = 0
	s.awaitReady("later", 0)
}

// TestTwoOfTheSameName: the second says who holds the service, and leaves the first alone.
func TestTwoOfTheSameName(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, hang]}\n", testbin.Path(t)))
	s.awaitReady("it", 0)
	st, before := s.status("it")
	out, code := s.verb("run", filepath.Join(dir, "daruma.yaml"))
	if code != 1 || !strings.Contains(out, fmt.Sprintf("pid %d", st.KeeperPID)) {
		t.Errorf("exit code %d, want 1; it should name the holder %d: %s", code, st.KeeperPID, out)
	}
	if _, now := s.status("it"); now.PID != before.PID {
		t.Errorf("the first one's program was disturbed: %+v, before %+v", now, before)
	}
}

// TestStaleRemains: socket, lock and programs of a daruma that was killed whole don't stand in the way of the next.
func TestStaleRemains(t *testing.T) {
	dir := folder(t)
	def := fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, fork, -n, \"3\", -daemon]}\n", testbin.Path(t))
	s := run(t, dir, def)
	s.awaitReady("it", 0)
	st, p := s.status("it")
	tree := append(descendants(t, st.KeeperPID), descendants(t, p.PID)...)
	// Both at once: nobody is left to clear up.
	for _, pid := range []int{st.SupervisorPID, st.KeeperPID} {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	for _, pid := range []int{st.SupervisorPID, st.KeeperPID} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	<-s.ended
	s.eventually("the supervisor is gone too", func() bool {
		p, ok := look(st.SupervisorPID)
		return !ok || p.state == "Z"
	})
	if _, err := os.Lstat(filepath.Join(s.home, "real", "run", "control.sock")); err != nil {
		t.Fatalf("the test needs the stale socket: %v", err)
	}
	out, code := s.verb("status", "real")
	if code != 3 {
		t.Errorf("status of a dead service gives %d, want 3: %s", code, out)
	}
	again := run(t, dir, def)
	again.awaitReady("it", 0)
	wantEnded(again, tree)
	if _, now := again.status("it"); now.PID == p.PID {
		t.Errorf("pid %d again", now.PID)
	}
}

// TestDescriptorsExhausted: what can't be started for want of file descriptors waits; what runs, runs on.
func TestDescriptorsExhausted(t *testing.T) {
	dir := folder(t)
	var b strings.Builder
	b.WriteString("name: real\nprograms:\n")
	for i := range 60 {
		fmt.Fprintf(&b, "  p%d: {command: [%s, hang], backoff: {initialSeconds: 0.1, maxSeconds: 0.3}}\n", i, testbin.Path(t))
	}
	s := through(t, dir, b.String(), nil, "sh", "-c", `ulimit -n 90; exec "$@"`, "sh")
	s.await("a warning that they are too few", func(e control.Event) bool {
		return e.Kind == control.EventWarning && strings.Contains(e.Reason, "60 programs need 244 open files, and the hard limit that daruma's processes have is 90")
	})
	s.await("a start refused for want of descriptors", func(e control.Event) bool {
		return e.Kind == control.EventBackoff && strings.Contains(e.Reason, "too many open files")
	})
	s.eventually("status answers all the same", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // an answer that doesn't come is asked for again
		defer cancel()
		st, err := s.client.Status(ctx)
		if err != nil {
			return false
		}
		running := 0
		for _, p := range st.Programs {
			if p.State == control.StateRunning {
				running++
			}
		}
		return running > 0 && running < 60
	})
}

// TestForkRefused: a user's process limit is used up; it backs off, and starts when there is room again.
func TestForkRefused(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	const uid = 54321
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "h"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, "h"), uid, uid); err != nil {
		t.Fatal(err)
	}
	daruma, _ := built()
	open(t, daruma)
	open(t, testbin.Path(t))
	var b strings.Builder
	b.WriteString("name: real\nprograms:\n")
	for i := range 80 {
		fmt.Fprintf(&b, "  p%d: {command: [sleep, \"1000\"], backoff: {initialSeconds: 0.1, maxSeconds: 0.3}}\n", i)
	}
	s := through(t, dir, b.String(), []string{"HOME=" + dir}, "setpriv", "--reuid", fmt.Sprint(uid), "--regid", fmt.Sprint(uid), "--clear-groups",
		"prlimit", "--nproc=70")
	refused := s.await("fork refused", func(e control.Event) bool {
		return e.Kind == control.EventBackoff && strings.Contains(e.Reason, "resource temporarily unavailable")
	})
	for i := range 60 { // make room
		if name := fmt.Sprintf("p%d", i); name != refused.Program {
			if _, p := s.status(name); p.State == control.StateRunning {
				s.command(control.VerbStop, name)
			}
		}
	}
	s.next = 0
	s.awaitReady(refused.Program, 0)
}

// open lets everybody run a binary that the test built for itself.
func open(t *testing.T, path string) {
	t.Helper()
	for dir := filepath.Dir(path); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}
