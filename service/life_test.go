package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

// live is the test binary as a service under this machine's real service manager, installed and controlled by the package's own verbs.
type live struct {
	t                *testing.T
	name, exe, diary string
}

// liveService installs a test program as a service that is started by hand. Its first argument is its diary.
func liveService(t *testing.T, program string, arguments ...string) *live {
	t.Helper()
	needsManager(t)
	dir := t.TempDir()
	l := &live{t: t, diary: filepath.Join(dir, "diary"), exe: installable(t, dir)}
	l.name = fmt.Sprintf("daruma-test-%x-%s", time.Now().UnixNano(), program) // a pid may come again, after a test that was killed
	l.verb(ExitOK, append([]string{"install", "--start-type", "manual", "--", l.diary}, arguments...)...)
	t.Cleanup(func() {
		l.verb(ExitOK, "uninstall")
		l.released() // the diary is in a folder that is about to be deleted
	})
	return l
}

// installable is the test binary where it may be installed: go test's own place isn't one, for it goes when the tests end.
func installable(t *testing.T, dir string) string {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(me, "go-build") {
		return me
	}
	all, err := os.ReadFile(me)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, filepath.Base(me))
	if err := os.WriteFile(exe, all, 0o755); err != nil {
		t.Fatal(err)
	}
	return exe
}

// verb calls the service's program as its user would, and fails the test unless it ends with one of the codes.
func (l *live) verb(want int, words ...string) (stdout string) {
	l.t.Helper()
	code, stdout := l.try(words...)
	if code != want {
		l.t.Errorf("verb %s: exit code %d, want %d\n%s%s", words[0], code, want, stdout, l.read())
	}
	return stdout
}

func (l *live) try(words ...string) (code int, out string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.exe, words...)
	cmd.Env = append(os.Environ(), programVariable+"="+l.name)
	var all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &all, &all
	err := cmd.Run()
	if cmd.ProcessState == nil {
		l.t.Fatalf("verb %s: %v", words[0], err)
	}
	return int(cmd.ProcessState.ExitCode()), all.String()
}

func (l *live) status() manager.Status {
	l.t.Helper()
	s, err := (manager.Manager{}).Status(context.Background(), l.name)
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// until waits until the service manager says what is wanted.
func (l *live) until(what string, wanted func(manager.Status) bool) manager.Status {
	l.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; {
		s := l.status()
		if wanted(s) {
			return s
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("not %s within 40 s, but %s\n%s", what, s, l.read())
		}
		time.Sleep(20 * time.Millisecond) // sleep: a service's state is polled, as the system's own tools do it
	}
}

func (l *live) down() manager.Status {
	l.t.Helper()
	return l.until("down", func(s manager.Status) bool { return s.State == manager.Stopped || s.State == manager.Failed })
}

func (l *live) read() string {
	text, _ := os.ReadFile(l.diary)
	return string(text)
}

// wantDiary waits until the service has written all of it.
func (l *live) wantDiary(want ...string) {
	l.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		text := l.read()
		i := slices.IndexFunc(want, func(w string) bool { return !strings.Contains(text, w) })
		if i < 0 {
			return
		}
		if time.Now().After(deadline) {
			l.t.Errorf("the service wrote no %q:\n%s", want[i], text)
			return
		}
		time.Sleep(10 * time.Millisecond) // sleep: another process writes the file
	}
}

// fate is what becomes of a service.
type fate struct {
	program string
	refused bool   // the verb start says that it failed
	either  bool   // the verb start may see it running or not, that is a race
	stop    bool   // it runs until the verb stop
	code    int    // as the service manager knows it
	died    bool   // its process ended without a word: the Service Control Manager knows no code
	result  string // systemd's word for it
	diary   []string
}

// TestFates: what the service manager and the log have of each way in which a service can end.
func TestFates(t *testing.T) {
	needsManager(t)
	t.Parallel()
	fates := []fate{
		{program: "plain", stop: true, result: "success", diary: []string{"cause: ", "nothing left"}},
		{program: "brief", either: true, result: "success", diary: []string{"nothing left"}},
		{program: "slowstop", stop: true, result: "success", diary: []string{"cause: ", "nothing left"}},
		{program: "deaf", stop: true, code: ExitStopTimeout, result: "exit-code", diary: []string{"Run hasn't returned within the time to stop", "deafTo"}},
		{program: "panic", either: true, code: ExitPanicked, result: "exit-code", diary: []string{"out of luck", "main_test.go"}},
		{program: "crash", either: true, code: 2, died: true, result: "exit-code", diary: []string{"nobody catches me", "lifeprograms_test.go"}},
		{program: "fail", refused: true, code: 17, result: "exit-code", diary: []string{"no configuration"}},
		{program: "exit", refused: true, code: 7, died: true, result: "exit-code"},
		{program: "unready", refused: true, code: ExitStartTimeout, result: "exit-code", diary: []string{"host.Ready", "goroutine "}},
		{program: "deadlock", code: ExitWatchdog, result: "watchdog", diary: []string{"no heartbeat for 1s", "deadlocked", "sync.(*Mutex).Lock"}},
		{program: "hungcheck", code: ExitWatchdog, result: "watchdog", diary: []string{"liveness check database", "hangsFor"}},
	}
	if runtime.GOOS == "windows" { // systemd forgets an extension when other services are installed: TestLife/ExtendsItsStop
		fates = append(fates, fate{program: "deafer", stop: true, code: ExitStopTimeout, result: "exit-code", diary: []string{"Run hasn't returned within the time to stop", "deafTo"}})
	}
	together(t, fates, func(f fate) string { return f.program }, func(t *testing.T, f fate) {
		if f.program == "exit" {
			seesEarlyEnds(t)
		}
		l := liveService(t, f.program)
		code, said := l.try("start")
		switch {
		case f.either:
		case f.refused && (code != ExitFailed || !strings.Contains(said, "the service manager couldn't do it")), !f.refused && code != ExitOK:
			t.Errorf("verb start: exit code %d\n%s", code, said)
		}
		if f.stop {
			l.verb(ExitOK, "stop")
		}
		l.ended(l.down(), f)
		l.wantDiary(f.diary...)
		l.verb(ExitNotRunning, "status")
	})
}

// together runs cases at the same time, more of them than there are processors: they wait for services.
func together[C any](t *testing.T, cases []C, name func(C) string, run func(*testing.T, C)) {
	t.Helper()
	var all sync.WaitGroup
	defer all.Wait()
	slots := make(chan struct{}, 2+2*runtime.NumCPU())
	for _, c := range cases {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(name(c), func(t *testing.T) { run(t, c) })
		})
	}
}

// TestVerbStatus: the words that the verb prints are the service manager's.
func TestVerbStatus(t *testing.T) {
	l := liveService(t, "plain")
	l.verb(ExitOK, "start")
	var s manager.Status
	if err := json.NewDecoder(strings.NewReader(l.verb(ExitOK, "status", "-o", "json"))).Decode(&s); err != nil {
		t.Fatal(err)
	}
	if now := l.status(); s.PID != now.PID || s.PID == 0 || s.State != manager.Running || s.StartType != manager.Manual {
		t.Errorf("the verb says %+v, the service manager %+v", s, now)
	}
}
