package realtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
	"github.com/daruma-sh/daruma/internal/wine"
)

// printed are the numbers behind a word at the beginning of lines: "child 123".
func printed(t *testing.T, out, word string) []int {
	t.Helper()
	var list []int
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), word+" "); ok {
			n, err := strconv.Atoi(rest)
			if err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			list = append(list, n)
		}
	}
	return list
}

func TestKilled(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it: {command: ['%[1]s', hang], backoff: {initialSeconds: 0.01, maxSeconds: 0.01}}
`, testbin.Path(t)))
	for generation := range 5 {
		e := s.awaitReady("it", generation)
		p, ok := look(t, e.PID, "it")
		if !ok {
			t.Fatalf("run %d (pid %d) is ready and doesn't live", generation+1, e.PID)
		}
		kill(t, e.PID)
		p.await(t)
	}
	s.awaitReady("it", 5)
	out, _ := s.verb("incidents", "real")
	if !strings.Contains(out, "exit code 9") {
		t.Errorf("daruma incidents doesn't name the cause:\n%s", out)
	}
}

func TestDeathOfTheSupervisorDisturbsNobody(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it: {command: ['%[1]s', flood, -n, "20000", -rate, "2000", -hold], logs: {maxSize: 100Mi}}
`, testbin.Path(t)))
	s.awaitReady("it", 0)
	_, before := s.status("it")
	// Windows lets whoever ends a process choose its exit code: nothing may follow from it, not even from 0.
	codes := []uint32{0, 1, uint32(exitcode.Refused), uint32(windows.STATUS_ACCESS_VIOLATION), uint32(windows.STATUS_CONTROL_C_EXIT)}
	for _, code := range codes {
		st, _ := s.status("it")
		terminate(t, st.SupervisorPID, code)
		s.eventually(fmt.Sprintf("a new supervisor after exit code %#x", code), func() bool {
			now, err := s.client.Status(t.Context())
			return err == nil && now.SupervisorPID != st.SupervisorPID
		})
	}
	st, now := s.status("it")
	if now.PID != before.PID || now.Generation != before.Generation || now.Restarts != 0 {
		t.Errorf("before %+v, now %+v: want the same run", before, now)
	}
	if st.SupervisorRestarts != len(codes) {
		t.Errorf("status counts %d replaced supervisors, want %d", st.SupervisorRestarts, len(codes))
	}
	s.eventually("every line is in the log", func() bool { return s.lines("it") >= 20000 })
	s.wantNumbered("it", 20000)
}

// lines counts the lines of a program's log file.
func (s *service) lines(program string) int {
	data, _ := os.ReadFile(filepath.Join(s.home, s.name, "logs", program+".log"))
	return strings.Count(string(data), "\n")
}

// wantNumbered wants the lines 0 … n-1 of flood in the log, each once.
func (s *service) wantNumbered(program string, n int) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.home, s.name, "logs", program+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	i := 0
	for line := range strings.Lines(string(data)) {
		if got, err := strconv.Atoi(line[:10]); err != nil || got != i {
			s.t.Fatalf("line %d is %q", i, line)
		}
		i++
	}
	if i != n {
		s.t.Errorf("%d lines, want %d", i, n)
	}
}

func TestDeathOfTheKeeperLeavesNoOrphan(t *testing.T) {
	dir := folder(t)
	def := fmt.Sprintf(`
name: real
programs:
  it: {command: ['%[1]s', fork, -n, "2", -daemon]}
`, testbin.Path(t))
	s := run(t, dir, def)
	s.awaitReady("it", 0)
	st, p := s.status("it")
	tree := append(descendants(t, st.KeeperPID), descendants(t, p.PID)...)
	for _, pid := range printed(t, s.awaitLogged("it", "ready"), "child") {
		if one, ok := look(t, pid, "grandchild"); ok {
			tree = append(tree, one)
		}
	}
	if len(tree) < 5 {
		t.Fatalf("the tree is %v: want keeper, supervisor, program and its two", tree)
	}
	kill(t, st.KeeperPID)
	for _, one := range tree {
		one.await(t)
	}
	<-s.ended
	again := run(t, dir, def)
	again.awaitReady("it", 0)
	if _, now := again.status("it"); now.Generation != 1 {
		t.Errorf("%+v, want a first run", now)
	}
	if i := again.awaitRecovered(); i.Kind != incident.Keeper || i.Program != "it" {
		t.Errorf("the incident is %+v", i)
	}
}

// TestHungSupervisorIsReplaced: one that stands still, and doesn't even print its stacks.
func TestHungSupervisorIsReplaced(t *testing.T) {
	t.Setenv("DARUMA_HANG_SECONDS", "1")
	s := run(t, folder(t), fmt.Sprintf("name: real\nprograms:\n  it: {command: ['%s', hang]}\n", testbin.Path(t)))
	s.awaitReady("it", 0)
	before, p := s.status("it")
	suspend(t, before.SupervisorPID)
	s.eventually("a new supervisor", func() bool {
		now, err := s.client.Status(t.Context())
		return err == nil && now.SupervisorPID != before.SupervisorPID
	})
	if _, now := s.status("it"); now.PID != p.PID {
		t.Errorf("the program is another: %+v", now)
	}
}

func TestTreeEndsWithItsRun(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  it: {command: ['%[1]s', fork, -n, "2"], backoff: {initialSeconds: 0.01}}
  daemon: {command: ['%[1]s', fork, -n, "2", -daemon, -ignore], backoff: {initialSeconds: 0.01}}
  leaver: {command: ['%[1]s', fork, -n, "1", -daemon, -leave], restartPolicy: Never}
  escape: {command: ['%[1]s', breakaway], backoff: {initialSeconds: 0.01}}
`, testbin.Path(t)))
	if out := s.awaitLogged("escape", "ready"); !strings.Contains(out, "refused") {
		t.Errorf("a program may start children outside of its job: %s", out)
	}
	var tree []process
	for _, program := range []string{"it", "daemon"} {
		out := s.awaitLogged(program, "ready")
		for _, pid := range append(printed(t, out, "child"), printed(t, out, "ready")...) {
			if p, ok := look(t, pid, program); ok {
				tree = append(tree, p)
			}
		}
	}
	if len(tree) != 6 {
		t.Fatalf("the trees are %v, want three processes each", tree)
	}
	for _, program := range []string{"it", "daemon"} {
		_, p := s.status(program)
		kill(t, p.PID)
	}
	for _, p := range tree {
		p.await(t)
	}
	s.eventually("the next runs", func() bool {
		_, a := s.status("it")
		_, b := s.status("daemon")
		return a.Generation > 1 && b.Generation > 1
	})
	for _, pid := range printed(t, s.awaitLogged("leaver", "ready"), "child") {
		if p, ok := look(t, pid, "leaver's child"); ok {
			p.await(t)
		}
	}
}

// TestHandlesStayFlat: a thousand falls of an installed service's program, or as many as DARUMA_TEST_FALLS says, cost no handle, in the keeper
// nor in the supervisor.
func TestHandlesStayFlat(t *testing.T) {
	falls := 1000
	if text := os.Getenv("DARUMA_TEST_FALLS"); text != "" {
		var err error
		if falls, err = strconv.Atoi(text); err != nil || falls < 100 {
			t.Fatalf("DARUMA_TEST_FALLS=%s: give a number, 100 at least", text)
		}
	}
	s := install(t, `
programs:
  it:
    command: [./testprog, exit, -code, "3", -say, again]
    backoff: {initialSeconds: 0, maxSeconds: 0}
`)
	s.start()
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	keeper, _ := look(t, st.KeeperPID, "keeper")
	supervisor, _ := look(t, st.SupervisorPID, "supervisor")
	now := 1
	at := func(generation int) (int, int) {
		t.Helper()
		for now < generation { // however slow: each run has the test's patience of its own
			now = s.await(fmt.Sprintf("a run after %d", now), func(e control.Event) bool {
				return e.Kind == control.EventStarted && e.Program == "it" && e.Generation > now
			}).Generation
		}
		return handles(t, keeper), handles(t, supervisor)
	}
	begin := time.Now()
	k1, s1 := at(50)
	k2, s2 := at(50 + falls)
	t.Logf("%d falls in %v; keeper's handles %d, then %d; supervisor's %d, then %d", falls, time.Since(begin).Round(time.Second), k1, k2, s1, s2)
	const noise = 12 // a run that is starting or ending right now, a probe of ours
	if k2 > k1+noise || s2 > s1+noise {
		t.Errorf("handles grow")
	}
}

// TestSiblingsDontHearIt: what console-signal does to one program no other gets to feel.
func TestSiblingsDontHearIt(t *testing.T) {
	s := run(t, folder(t), fmt.Sprintf(`
name: real
programs:
  a: {command: ['%[1]s', grace]}
  b: {command: ['%[1]s', grace]}
`, testbin.Path(t)))
	s.awaitLogged("a", "ready")
	s.awaitLogged("b", "ready")
	_, before := s.status("b")
	if r := s.command(control.VerbStop, "a"); !r.Done {
		t.Errorf("%+v", r)
	}
	st, after := s.status("b")
	if after.PID != before.PID || after.State != control.StateRunning || st.SupervisorRestarts != 0 {
		t.Errorf("b was %+v, is %+v", before, after)
	}
	if out := s.logged("b"); strings.Contains(out, "stopping") {
		t.Errorf("b heard it: %s", out)
	}
	if kinds := s.seen(control.EventSupervisorReplaced); slices.ContainsFunc(kinds, func(control.Event) bool { return true }) {
		t.Error("the supervisor was replaced")
	}
}

// TestUpgrade: daruma.exe is renamed and replaced while it runs; the next supervisor is the new one, the program the same.
func TestUpgrade(t *testing.T) {
	built, err := built()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	exe, old := filepath.Join(dir, "daruma.exe"), filepath.Join(dir, "daruma-old.exe")
	install := func() {
		if err := os.WriteFile(exe, data, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	install()
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, fmt.Sprintf("name: real\nprograms:\n  it: {command: ['%s', hang]}\n", testbin.Path(t)))
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: built}
	s.begin(exec.Command(exe, "run", file))
	s.awaitReady("it", 0)
	_, before := s.status("it")
	next := func() string {
		t.Helper()
		st, _ := s.status("it")
		kill(t, st.SupervisorPID)
		var image string
		s.eventually("a new supervisor", func() bool {
			now, err := s.client.Status(t.Context())
			if err != nil || now.SupervisorPID == st.SupervisorPID {
				return false
			}
			image = imageOf(t, now.SupervisorPID)
			return true
		})
		return filepath.Base(image)
	}
	if err := os.Rename(exe, old); err != nil {
		t.Fatal(err)
	}
	if wine.Running() { // it tells the name that a file had when it was opened, and so there is nothing to start
		t.Log("Wine: a supervisor from a renamed file isn't shown")
	} else if got := next(); got != filepath.Base(old) {
		t.Errorf("with no file under the old name the next supervisor is %s, want %s", got, filepath.Base(old))
	}
	install()
	if got := next(); got != filepath.Base(exe) {
		t.Errorf("after the upgrade the next supervisor is %s, want %s", got, filepath.Base(exe))
	}
	if _, now := s.status("it"); now.PID != before.PID || now.Generation != before.Generation {
		t.Errorf("before %+v, now %+v: want the same run", before, now)
	}
}

// TestUpgradeByOrder: daruma upgrade replaces the supervisor and says that the keeper follows. A file that is no daruma isn't taken for long.
func TestUpgradeByOrder(t *testing.T) {
	built, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	exe := filepath.Join(dir, "daruma.exe")
	copyFile(t, built, exe)
	file := filepath.Join(dir, "daruma.yaml")
	write(t, file, fmt.Sprintf("name: real\nprograms:\n  it: {command: ['%s', hang]}\n", testbin.Path(t)))
	s := &service{t: t, name: "real", home: filepath.Join(dir, "h"), daruma: built}
	s.begin(exec.Command(exe, "run", "--quiet", file))
	s.awaitReady("it", 0)
	first, before := s.status("it")
	renamed := 0
	place := func(from string) {
		t.Helper()
		renamed++
		if err := os.Rename(exe, fmt.Sprintf("%s.%d", exe, renamed)); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(exe, append(data, byte(renamed)), 0o700); err != nil { // what follows the last section is nobody's
			t.Fatal(err)
		}
	}
	upgrade := func(code int, words string) {
		t.Helper()
		if out, got := s.verb("upgrade", "real"); got != code || !strings.Contains(out, words) {
			t.Fatalf("daruma upgrade ends with %d: %s\nwant %d, and in it: %s", got, out, code, words)
		}
		st, now := s.status("it")
		if st.KeeperPID != first.KeeperPID || now.PID != before.PID || now.Generation != before.Generation {
			t.Errorf("keeper %d, program %+v; at first %d, %+v", st.KeeperPID, now, first.KeeperPID, before)
		}
	}
	upgrade(0, "up to date")
	place(built)
	upgrade(0, "but for the keeper, which takes it when the service is restarted; the programs ran on")
	st, _ := s.status("it")
	if st.SupervisorPID == first.SupervisorPID || !strings.Contains(strings.Join(st.Warnings, "\n"), "and the keeper still runs what was there before") {
		t.Errorf("supervisor %d, before %d; warnings %q", st.SupervisorPID, first.SupervisorPID, st.Warnings)
	}
	if wine.Running() { // it tells the name that a file had when it was opened, and so the next supervisor would be of the file that failed
		t.Log("Wine: the way back from a file that is no daruma isn't shown")
		return
	}
	place(testbin.Path(t))
	upgrade(1, "supervisors ended 3 times")
	place(built)
	upgrade(0, "the programs ran on")
}
