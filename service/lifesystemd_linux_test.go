package service

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/service/manager"
)

// TestLivesOnSystemd: what systemd alone does with a service.
func TestLivesOnSystemd(t *testing.T) {
	needsManager(t)
	t.Parallel()
	type life struct {
		program string
		run     func(*testing.T, *live)
	}
	together(t, []life{{"again", restarts}, {"once", staysDown}, {"survivor", survives}, {"stuck", outerWatchdog},
		{"handlers", reloads}, {"journal", panicsIntoJournal}}, func(l life) string { return l.program }, func(t *testing.T, l life) {
		l.run(t, liveService(t, l.program))
	})
}

func isRunning(s manager.Status) bool { return s.State == manager.Running }

// restarts fails five times. On systemd the first delay counts alone, each time.
func restarts(t *testing.T, l *live) {
	l.try("start")
	l.until("restarted five times", func(s manager.Status) bool { return s.Systemd.NRestarts >= 5 })
	l.verb(ExitOK, "stop")
	if s := l.status(); s.State == manager.Restarting || s.State == manager.Running {
		t.Errorf("after a stop it is %s", s)
	}
	var begun []int64
	for line := range strings.Lines(l.read()) {
		var at int64
		if n, _ := fmt.Sscanf(line, "begins %d", &at); n == 1 {
			begun = append(begun, at)
		}
	}
	if got := show(t, l, "RestartUSec"); got != "300ms" {
		t.Errorf("RestartUSec=%s", got)
	}
	if len(begun) < 5 {
		t.Fatalf("it began %d times\n%s", len(begun), l.read())
	}
	for i := range begun[1:] {
		if gap := time.Duration(begun[i+1]-begun[i]) * time.Millisecond; gap < 300*time.Millisecond {
			t.Errorf("restart %d came after %v, its delay is 300 ms", i+1, gap)
		} else {
			t.Logf("restart %d after %v", i+1, gap)
		}
	}
}

// staysDown returns nil by itself: a clean stop, which no recovery undoes.
func staysDown(t *testing.T, l *live) {
	l.try("start")
	l.down()
	time.Sleep(time.Second) // sleep: nothing is to come, a restart would within 10 ms
	if s := l.status(); s.State != manager.Stopped || s.Systemd.NRestarts != 0 || strings.Count(l.read(), "begins") != 1 {
		t.Errorf("it is %s, restarted %d times\n%s", s, s.Systemd.NRestarts, l.read())
	}
}

// survives is killed, and later asked to end by a signal that isn't systemd's: the first is a failure, the second a clean stop.
func survives(t *testing.T, l *live) {
	l.verb(ExitOK, "start")
	first := l.status()
	if err := unix.Kill(first.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	second := l.until("restarted", func(s manager.Status) bool { return isRunning(s) && s.Systemd.NRestarts == 1 })
	if second.PID == first.PID || second.PID == 0 {
		t.Errorf("restarted it has pid %d, and had %d", second.PID, first.PID)
	}
	if err := unix.Kill(second.PID, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if s := l.down(); s.State != manager.Stopped {
		t.Errorf("after SIGTERM it is %s", s)
	}
}

// outerWatchdog is for what the inner one can't see: a process whose scheduler stands still, timers and all.
func outerWatchdog(t *testing.T, l *live) {
	l.try("start") // an error where the watchdog was sooner than whoever waits for the start
	s := l.down()
	if s.State != manager.Failed || s.Systemd.Result != "watchdog" || s.Systemd.ExecMainStatus == ExitWatchdog {
		t.Errorf("it ended with %d, result %q, want systemd's watchdog\n%s", s.Systemd.ExecMainStatus, s.Systemd.Result, l.read())
	}
	l.wantDiary("SIGABRT")
}

// reloads: systemctl waits until the handler has returned.
func reloads(t *testing.T, l *live) {
	l.verb(ExitOK, "start")
	if kind := show(t, l, "Type"); kind != "notify-reload" {
		t.Errorf("Type=%s", kind)
	}
	before := l.status().PID
	if out, err := exec.Command("systemctl", "reload", l.name).CombinedOutput(); err != nil {
		t.Fatalf("systemctl reload: %v\n%s", err, out)
	}
	if !strings.Contains(l.read(), "reload\n") {
		t.Errorf("the reload is done, and its handler hasn't run:\n%s", l.read())
	}
	if s := l.status(); s.State != manager.Running || s.PID != before {
		t.Errorf("reloaded it is %s", s)
	}
	l.verb(ExitOK, "stop")
	l.wantDiary("nothing left")
}

// panicsIntoJournal has no logger but the package's own.
func panicsIntoJournal(t *testing.T, l *live) {
	l.try("start")
	l.down()
	if out, err := exec.Command("journalctl", "--sync").CombinedOutput(); err != nil {
		t.Fatalf("journalctl --sync: %v\n%s", err, out)
	}
	out, err := exec.Command("journalctl", "-o", "json", "--all", "-p", "err", "_SYSTEMD_UNIT="+l.name+".service").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "out of luck") || !strings.Contains(string(out), "program_linux_test.go") {
		t.Errorf("no panic with its stack in the journal: %v\n%s", err, out)
	}
}

// show is a property of the service's unit.
func show(t *testing.T, l *live, property string) string {
	t.Helper()
	out, err := exec.Command("systemctl", "show", "-P", property, l.name).CombinedOutput()
	if err != nil {
		t.Fatalf("systemctl show: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}
