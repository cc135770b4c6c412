package realtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// replaceable is a service whose daruma a test can put another file in the place of.
type replaceable struct {
	*service
	path string // of daruma
}

// static builds a command as releases are built: with cgo a process can't have signals wait in all its threads.
func static(t *testing.T, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(source))
	build := exec.Command("go", "build", "-o", path, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", source, err, out)
	}
	return path
}

// writeExecutable writes a file while nothing is forked: a child of a test beside this one would have it open for writing until its own
// exec, and until then the kernel executes it for nobody (ETXTBSY; go.dev/issue/22315).
func writeExecutable(t *testing.T, path string, data []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// place puts a copy of the file from at daruma's path, with more behind it, by renaming, as package managers do.
func place(t *testing.T, from, path, more string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeExecutable(t, path+".new", append(data, more...)) // what follows an ELF's last section is nobody's
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// startReplaceable starts daruma from a file of its own. Command lines are those of the daruma under test whatever stands there later.
func startReplaceable(t *testing.T, definition string) replaceable {
	t.Helper()
	original := static(t, "../../cmd/daruma")
	dir := folder(t)
	path := filepath.Join(dir, "daruma")
	place(t, original, path, "")
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, definition)
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: original}
	s.begin(exec.Command(path, "run", "--quiet", file))
	return replaceable{s, path}
}

// wantOutcome upgrades and wants what the command line says to have the words.
func (r replaceable) wantOutcome(code int, words string) {
	r.t.Helper()
	out, got := r.verb("upgrade", "real")
	if got != code || !strings.Contains(out, words) {
		r.t.Fatalf("daruma upgrade ends with %d: %s\nwant %d, and in it: %s", got, out, code, words)
	}
}

// TestUpgrades: while programs write and answer, daruma is replaced again and again. No process changes, no line of output is missing or there
// twice, no connection is refused, and nothing piles up.
func TestUpgrades(t *testing.T) {
	port := freePort(t)
	r := startReplaceable(t, fmt.Sprintf(`
name: real
programs:
  talks: {command: [%[1]s, flood, -rate, "20000"], logs: {maxSize: 2Gi}}
  speaks: {command: [%[1]s, flood, -rate, "200"], logs: {format: json, maxSize: 2Gi}}
  web:
    command: [%[1]s, http, -listen-fds]
    listen: [{name: web, address: "127.0.0.1:%[2]d"}, {name: other, address: "unix:/%[3]s/other.sock"}]
  falls: {command: [%[1]s, exit, -after, 200ms, -code, "3"], backoff: {initialSeconds: 0.05, maxSeconds: 0.1}}
  family: {command: [%[1]s, fork, -n, "2", -daemon]}
`, testbin.Path(t), port, strings.TrimPrefix(folder(t), "/")))
	names := []string{"talks", "speaks", "web", "family"}
	before := map[string]control.ProgramStatus{}
	for _, name := range names {
		r.eventually(name+" is ready", func() bool {
			st, err := r.client.Status(t.Context())
			return err == nil && slices.ContainsFunc(st.Programs, func(p control.ProgramStatus) bool { return p.Name == name && p.Ready })
		})
		_, before[name] = r.status(name)
	}
	first, _ := r.status("talks")
	var refused, answered atomic.Int64
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
			}
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				refused.Add(1)
				continue
			}
			fmt.Fprint(c, "GET /health HTTP/1.0\r\n\r\n")
			if line, _ := bufio.NewReader(c).ReadString('\n'); strings.Contains(line, "200") {
				answered.Add(1)
			}
			c.Close()
		}
	}()
	n := rounds(10, 100)
	open := 0
	for i := range n {
		place(t, r.daruma, r.path, strconv.Itoa(i))
		r.wantOutcome(0, "the programs ran on")
		if i == 1 {
			open = len(descriptors(t, first.KeeperPID))
		}
	}
	close(end)
	<-done
	if refused.Load() > 0 || answered.Load() == 0 {
		t.Errorf("%d connections were refused, %d answered", refused.Load(), answered.Load())
	}
	last, _ := r.status("talks")
	if last.KeeperPID != first.KeeperPID || last.SupervisorPID == first.SupervisorPID || last.SupervisorRestarts != 0 || last.UptimeSeconds <= first.UptimeSeconds {
		t.Errorf("%+v, at first %+v", last, first)
	}
	if u := last.Upgrade; u == nil || u.Attempt != uint64(n) || u.Error != "" || !u.Keeper {
		t.Errorf("the last upgrade: %+v", u)
	}
	for _, name := range names {
		if _, now := r.status(name); now.PID != before[name].PID || now.Generation != 1 || now.Restarts != 0 {
			t.Errorf("%s was process %d and is %d, run %d", name, before[name].PID, now.PID, now.Generation)
		}
	}
	for _, i := range r.incidents() {
		if i.Program != "falls" {
			t.Errorf("%d upgrades left an incident: %+v", n, i)
		}
	}
	if _, now := r.status("falls"); now.Restarts < 3 {
		t.Errorf("a program that falls has been restarted %d times", now.Restarts)
	}
	r.wantDescriptors("keeper", first.KeeperPID, open+6) // the falling program's runs come and go
	for _, program := range []string{"talks", "speaks"} {
		if out, code := r.verb("stop", "real/"+program); code != 0 {
			t.Errorf("stop: %d, %s", code, out)
		}
		wantInOrder(t, filepath.Join(r.home, "real", "logs", program+".log"))
	}
}

// wantInOrder wants the numbers of flood in a log from 0 on, each once, and many.
func wantInOrder(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for line := range strings.Lines(string(data)) {
		_, message, found := strings.Cut(line, `"message":"`)
		if !found {
			message = line
		}
		if got, err := strconv.Atoi(message[:min(10, len(message))]); err != nil || got != want {
			t.Fatalf("line %d of %s is %q", want, filepath.Base(path), line)
		}
		want++
	}
	if want < 100 {
		t.Errorf("%s has %d lines", path, want)
	}
}

// TestFailedUpgrades: a file that can't take over isn't taken, or the daruma before it comes back, and says why; the program runs on. A good
// file is taken afterwards.
func TestFailedUpgrades(t *testing.T) {
	broken := static(t, "./testdata/brokendaruma")
	for _, c := range []struct{ fault, why string }{
		{"exits", "it ended with exit code 1 when it was asked whether it can take over, and said: a library is missing"},
		{"is silent", "it ended with exit code 0 when it was asked whether it can take over"},
		{"talks", "it ended with exit code 1 when it was asked whether it can take over, and said: nobody wants to know"},
		{"has another command line", "and said: flag provided but not defined: --quiet"},
		{"hangs", "it hasn't said within 10s whether it can take over"},
		{"keeper can't begin", "the new daruma can't take over: it names the service"},
		{"keeper panics", "the new daruma's keeper panicked: a fault of the new daruma"},
		{"supervisor falls", "the new daruma's supervisors ended 3 times; the last: it ended with exit code 3"},
		{"supervisor hangs", "the new daruma's supervisor wasn't up after 10s"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			r := startReplaceable(t, fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, flood, -rate, \"1000\"], logs: {maxSize: 1Gi}}\n", testbin.Path(t)))
			r.awaitReady("it", 0)
			first, before := r.status("it")
			place(t, broken, r.path, "\n"+c.fault)
			if c.fault == "keeper panics" { // when all seemed well
				r.wantOutcome(0, "the programs ran on")
				_, _ = r.verb("start", "real/it", "--timeout", "1s") // nothing is to be done, and the keeper hears of the service's state
			} else {
				r.wantOutcome(1, c.why)
			}
			r.await("upgradeFailed", func(e control.Event) bool {
				return e.Kind == control.EventUpgradeFailed && strings.Contains(e.Reason, c.why)
			})
			st, now := r.status("it")
			if st.KeeperPID != first.KeeperPID || now.PID != before.PID || now.Generation != 1 || st.SupervisorRestarts != 0 || len(r.incidents()) > 0 {
				t.Errorf("keeper %d, supervisors replaced %d, program %+v; before %+v", st.KeeperPID, st.SupervisorRestarts, now, before)
			}
			if warnings := strings.Join(st.Warnings, "\n"); !strings.Contains(warnings, "the daruma on disk was replaced") {
				t.Errorf("the warnings are %q", warnings)
			}
			kill(t, st.SupervisorPID) // the next one isn't of the file that failed
			r.eventually("a new supervisor", func() bool {
				now, err := r.client.Status(t.Context())
				return err == nil && now.SupervisorPID != st.SupervisorPID
			})
			place(t, r.daruma, r.path, "good")
			r.wantOutcome(0, "the programs ran on")
			if out, code := r.verb("stop", "real/it"); code != 0 {
				t.Errorf("stop: %d, %s", code, out)
			}
			wantInOrder(t, filepath.Join(r.home, "real", "logs", "it.log"))
		})
	}
}

// TestUpgradeOfWhatIsNoDaruma: nothing changes.
func TestUpgradeOfWhatIsNoDaruma(t *testing.T) {
	r := startReplaceable(t, fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, hang]}\n", testbin.Path(t)))
	r.awaitReady("it", 0)
	first, _ := r.status("it")
	r.wantOutcome(0, "up to date")
	if err := os.Link(r.path, r.path+".old"); err != nil {
		t.Fatal(err)
	}
	place(t, "/bin/true", r.path, "")
	r.wantOutcome(1, "it ended with exit code 0 when it was asked")
	for content, why := range map[string]string{"no program": "exec format error", "#!" + r.daruma + "\n": "it is a script"} {
		if err := os.WriteFile(r.path+".new", []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(r.path+".new", r.path); err != nil {
			t.Fatal(err)
		}
		r.wantOutcome(1, why)
	}
	mode := func(m os.FileMode) {
		if err := os.Chmod(r.path+".old", m); err != nil {
			t.Fatal(err)
		}
	}
	mode(0o644)
	place(t, r.daruma, r.path, "good")
	r.wantOutcome(1, "there would be no way back to the daruma that runs: permission denied")
	mode(0o755)
	if err := os.Remove(r.path); err != nil {
		t.Fatal(err)
	}
	r.wantOutcome(1, "no such file or directory")
	if out, code := r.verb("upgrade", "real/it"); code != 2 {
		t.Errorf("%d, %s", code, out)
	}
	if out, code := r.verb("upgrade", "--all"); code != 1 || !strings.Contains(out, "real runs on with") {
		t.Errorf("%d, %s", code, out)
	}
	if last, _ := r.status("it"); last.SupervisorPID != first.SupervisorPID || last.Upgrade != nil {
		t.Errorf("%+v", last)
	}
	place(t, r.daruma, r.path, "good")
	if out, code := r.verb("upgrade", "--all", "-o", "json"); code != 0 || !strings.Contains(out, `"service": "real"`) || !strings.Contains(out, `"keeper": true`) {
		t.Errorf("%d, %s", code, out)
	}
}

// TestKeeperKilledAfterUpgrade: what the new image holds ends with it, as what it has started itself.
func TestKeeperKilledAfterUpgrade(t *testing.T) {
	r := startReplaceable(t, fmt.Sprintf(`
name: real
programs:
  it: {command: [%[1]s, fork, -n, "2", -daemon, -ignore]}
`, testbin.Path(t)))
	r.awaitReady("it", 0)
	place(t, r.daruma, r.path, "1")
	r.wantOutcome(0, "the programs ran on")
	st, p := r.status("it")
	tree := append(descendants(t, st.KeeperPID), descendants(t, p.PID)...)
	kill(t, st.KeeperPID)
	r.awaitGone(tree)
}

// TestSignalsDuringUpgrades: a request to stop that comes at any moment of an upgrade isn't lost.
func TestSignalsDuringUpgrades(t *testing.T) {
	for i := range rounds(3, 50) {
		r := startReplaceable(t, fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, grace]}\n", testbin.Path(t)))
		r.awaitReady("it", 0)
		st, _ := r.status("it")
		place(t, r.daruma, r.path, "1")
		upgrade := exec.Command(r.daruma, "upgrade", "real")
		upgrade.Env = append(upgrade.Environ(), "DARUMA_HOME="+r.home)
		if err := upgrade.Start(); err != nil {
			t.Fatal(err)
		}
		supervisor := process{}
		supervisor, _ = look(st.SupervisorPID)
		r.eventually("the supervisor ends", func() bool { return !supervisor.lives() })
		for range i % 7 * 200_000 { // a few moments of a millisecond and less
		}
		if err := unix.Kill(st.KeeperPID, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-r.ended:
		case <-time.After(patience):
			t.Fatal("the signal was lost")
		}
		if code := r.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d: %s", code, r.out)
		}
		_ = upgrade.Wait()
	}
}
