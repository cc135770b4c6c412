package service

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"github.com/daruma-sh/daruma/service/internal/scm"
	"github.com/daruma-sh/daruma/service/internal/wine"
	"github.com/daruma-sh/daruma/service/winevent"
)

// installed is a live service with a handle of the Service Control Manager's own.
type installed struct {
	*live
	s *mgr.Service
}

func install(t *testing.T, program string, arguments ...string) *installed {
	t.Helper()
	i := &installed{live: liveService(t, program, arguments...)}
	m, err := mgr.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Disconnect() }()
	if i.s, err = m.OpenService(i.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.s.Close() })
	return i
}

func (i *installed) start(arguments ...string) {
	i.t.Helper()
	err := i.s.Start(arguments...)
	for deadline := time.Now().Add(30 * time.Second); errors.Is(err, windows.ERROR_SERVICE_DATABASE_LOCKED) && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond) // sleep: nobody tells when another service's start lets the SCM's database go
		err = i.s.Start(arguments...)
	}
	if err != nil {
		i.t.Fatalf("starting: %v\n%s", err, i.read())
	}
}

// await waits for a state and gives the status with it. It returns all checkpoints seen on the way.
func (i *installed) await(want svc.State, limit time.Duration) (windows.SERVICE_STATUS, map[uint32]bool) {
	i.t.Helper()
	checkpoints := map[uint32]bool{}
	for deadline := time.Now().Add(limit); ; {
		var st windows.SERVICE_STATUS // mgr's Query leaves the checkpoint out
		if err := windows.QueryServiceStatus(i.s.Handle, &st); err != nil {
			i.t.Fatal(err)
		}
		if svc.State(st.CurrentState) == want {
			if want == svc.Stopped {
				i.released()
			}
			return st, checkpoints
		}
		checkpoints[st.CheckPoint] = true
		if time.Now().After(deadline) {
			i.t.Fatalf("state %d, want %d within %v\n%s", st.CurrentState, want, limit, i.read())
		}
		time.Sleep(20 * time.Millisecond) // sleep: a service's state is polled, as the Service Control Manager's own tools do it
	}
}

// send sends a control that leads to no state.
func (i *installed) send(code uint32) error {
	var status windows.SERVICE_STATUS
	return windows.ControlService(i.s.Handle, code, &status)
}

func TestServiceStartsAndStops(t *testing.T) {
	i := install(t, "plain", "one", "two words")
	i.start("three")
	st, _ := i.await(svc.Running, 20*time.Second)
	if want := svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown; st.ControlsAccepted != uint32(want) {
		t.Errorf("accepts %#x, want %#x", st.ControlsAccepted, want)
	}
	if err := i.send(windows.SERVICE_CONTROL_PARAMCHANGE); err == nil {
		t.Errorf("a reload without a handler was accepted")
	}
	if err := i.send(windows.SERVICE_CONTROL_INTERROGATE); err != nil {
		t.Errorf("interrogate: %v", err)
	}
	if _, err := i.s.Control(svc.Stop); err != nil {
		t.Fatal(err)
	}
	st, _ = i.await(svc.Stopped, 20*time.Second)
	if st.Win32ExitCode != 0 || st.ServiceSpecificExitCode != 0 {
		t.Errorf("exit codes %d, %d, want 0", st.Win32ExitCode, st.ServiceSpecificExitCode)
	}
	i.wantDiary(`"one" "two words" "three"] in scm`, "cause: stop requested")
}

func TestServiceHandlers(t *testing.T) {
	i := install(t, "handlers")
	i.start()
	st, _ := i.await(svc.Running, 20*time.Second)
	if want := svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptPauseAndContinue | svc.AcceptParamChange |
		svc.AcceptPowerEvent | svc.AcceptSessionChange; st.ControlsAccepted != uint32(want) {
		t.Errorf("accepts %#x, want %#x", st.ControlsAccepted, want)
	}
	for _, step := range []struct {
		code uint32
		want svc.State
	}{{windows.SERVICE_CONTROL_PAUSE, svc.Paused}, {windows.SERVICE_CONTROL_PARAMCHANGE, svc.Paused}, {200, svc.Paused},
		{windows.SERVICE_CONTROL_CONTINUE, svc.Running}, {128, svc.Running}, {255, svc.Running}} {
		if err := i.send(step.code); err != nil {
			t.Fatalf("control %d: %v", step.code, err)
		}
		i.await(step.want, 10*time.Second)
	}
	i.wantDiary("pause\nreload\ncontrol 200\ncontinue\ncontrol 128\ncontrol 255\n")
	if _, err := i.s.Control(svc.Stop); err != nil {
		t.Fatal(err)
	}
	i.await(svc.Stopped, 20*time.Second)
}

// TestFailureWithoutTheFlag: failure actions that count crashes only must run, so STOPPED isn't reported.
func TestFailureWithoutTheFlag(t *testing.T) {
	if wine.Running() {
		t.Skip("Wine keeps no failure actions: needs real Windows")
	}
	i := install(t, "fail")
	if err := i.s.SetRecoveryActions([]mgr.RecoveryAction{{Type: mgr.NoAction}}, 60); err != nil {
		t.Fatal(err)
	}
	i.start()
	if st, _ := i.await(svc.Stopped, 20*time.Second); st.Win32ExitCode != uint32(windows.ERROR_PROCESS_ABORTED) {
		t.Errorf("exit code %d, want 1067, as of a crash", st.Win32ExitCode)
	}
	if err := i.s.SetRecoveryActionsOnNonCrashFailures(true); err != nil {
		t.Fatal(err)
	}
	i.start()
	if st, _ := i.await(svc.Stopped, 20*time.Second); st.ServiceSpecificExitCode != 17 {
		t.Errorf("with the flag: exit codes %d, %d, want 1066, 17", st.Win32ExitCode, st.ServiceSpecificExitCode)
	}
}

// TestServiceIsSlow: the Service Control Manager sees checkpoints for as long as a start or a stop takes.
func TestServiceIsSlow(t *testing.T) {
	needsManager(t)
	t.Parallel()
	type phase struct {
		program string
		stop    bool
		want    int
	}
	together(t, []phase{{"minute", false, 25}, {"slow", false, 3}, {"slowstop", true, 3}}, func(p phase) string { return p.program }, func(t *testing.T, p phase) {
		if p.program == "minute" && testing.Short() {
			t.Skip("takes a minute: run without -short")
		}
		i := install(t, p.program)
		i.start()
		st, seen := i.await(svc.Running, 90*time.Second)
		if p.stop {
			if _, err := i.s.Control(svc.Stop); err != nil {
				t.Fatal(err)
			}
			st, seen = i.await(svc.Stopped, 30*time.Second)
		}
		if len(seen) < p.want || st.Win32ExitCode != 0 {
			t.Errorf("%d checkpoints, want %d at least; exit code %d", len(seen), p.want, st.Win32ExitCode)
		}
		t.Logf("%d checkpoints", len(seen))
	})
}

// TestTranslate: what no test can have the system send.
func TestTranslate(t *testing.T) {
	all := testService("x-handlers", io.Discard)
	none := testService("x-plain", io.Discard)
	tests := []struct {
		control  scm.Control
		want     message
		optional bool
	}{
		{scm.Control{Code: windows.SERVICE_CONTROL_STOP}, stopMessage(ReasonStop), false},
		{scm.Control{Code: windows.SERVICE_CONTROL_SHUTDOWN}, stopMessage(ReasonShutdown), false},
		{scm.Control{Code: windows.SERVICE_CONTROL_PRESHUTDOWN}, stopMessage(ReasonPreShutdown), false},
		{scm.Control{Code: windows.SERVICE_CONTROL_PAUSE}, controlMessage{control: pauseControl}, true},
		{scm.Control{Code: windows.SERVICE_CONTROL_CONTINUE}, controlMessage{control: continueControl}, true},
		{scm.Control{Code: windows.SERVICE_CONTROL_PARAMCHANGE}, controlMessage{control: reloadControl}, true},
		{scm.Control{Code: windows.SERVICE_CONTROL_POWEREVENT, EventType: 4}, controlMessage{control: powerControl, power: winevent.PowerSuspend}, true},
		{scm.Control{Code: windows.SERVICE_CONTROL_SESSIONCHANGE, EventType: 7, Session: 5}, controlMessage{control: sessionControl, session: winevent.Session{Change: winevent.SessionLock, ID: 5}}, true},
		{scm.Control{Code: windows.SERVICE_CONTROL_SESSIONCHANGE, EventType: 7}, controlMessage{control: sessionControl, session: winevent.Session{Change: winevent.SessionLock}}, true},
		{scm.Control{Code: 130}, controlMessage{control: customControl, code: 130}, true},
	}
	for _, c := range tests {
		if m, errno := translate(&all, c.control); m != c.want || errno != windows.NO_ERROR {
			t.Errorf("control %+v: %v, %d, want %v", c.control, m, errno, c.want)
		}
		if m, errno := translate(&none, c.control); c.optional && (m != nil || errno != windows.ERROR_CALL_NOT_IMPLEMENTED) {
			t.Errorf("control %+v without a handler: %v, %d", c.control, m, errno)
		}
	}
	for _, code := range []uint32{7, 11, 99, 127, 256} {
		if m, errno := translate(&all, scm.Control{Code: code}); m != nil || errno != windows.ERROR_CALL_NOT_IMPLEMENTED {
			t.Errorf("control %d: %v, %d, want ERROR_CALL_NOT_IMPLEMENTED", code, m, errno)
		}
	}
	if m, errno := translate(&none, scm.Control{Code: windows.SERVICE_CONTROL_INTERROGATE}); m != nil || errno != windows.NO_ERROR {
		t.Errorf("interrogate: %v, %d", m, errno)
	}
}

func TestHandled(t *testing.T) {
	all, none := testService("x-handlers", io.Discard), testService("x-plain", io.Discard)
	if got := handled(&all); got != 2|8|64|128 {
		t.Errorf("with all handlers %#x", got)
	}
	if got := handled(&none); got != 0 {
		t.Errorf("without handlers %#x", got)
	}
}

// atConsole runs the test binary as a program in a console of its own and gives its output and exit code.
func atConsole(t *testing.T, program string, arguments ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], arguments...)
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_CONSOLE, HideWindow: true}
	if cmd.Env = os.Environ(); program != "" {
		cmd.Env = append(cmd.Env, programVariable+"="+program)
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestInAConsole: a program that nobody's service manager started finds out by itself.
func TestInAConsole(t *testing.T) {
	for _, c := range []struct {
		program string
		code    int
		text    string
	}{{"brief", 0, "nothing left"}, {"fail", 17, "no configuration"}, {"panic", 80, "out of luck"}, {"unready", 81, "host.Ready"}} {
		if out, code := atConsole(t, c.program); code != c.code || !strings.Contains(out, c.text) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", c.program, code, c.code, c.text, out)
		}
	}
}

func TestCtrlC(t *testing.T) {
	out, code := atConsole(t, "interrupted", "run")
	if code != 0 || !strings.Contains(out, "in terminal\ncause: "+ReasonInterrupt.String()+"\nnothing left") {
		t.Errorf("exit code %d, want 0:\n%s", code, out)
	}
}

// TestNotAService: the role alone makes no service, and says what to do.
func TestNotAService(t *testing.T) {
	if out, code := atConsole(t, "", roleService, "x-plain"); code != ExitManager || !strings.Contains(out, "verb start") {
		t.Errorf("exit code %d, want %d and what to do:\n%s", code, ExitManager, out)
	}
}

func TestConsoleEvents(t *testing.T) {
	mail := newMailbox()
	if consoleEvent(mail, windows.CTRL_C_EVENT) != 1 || consoleEvent(mail, windows.CTRL_BREAK_EVENT) != 1 {
		t.Error("Ctrl+C is left to the next handler, which ends the process")
	}
	if got := mail.take(); len(got) != 2 || got[0] != message(stopMessage(ReasonInterrupt)) || got[1] != message(stopMessage(ReasonInterrupt)) {
		t.Errorf("messages %v", got)
	}
	for event, reason := range map[uint32]Reason{windows.CTRL_CLOSE_EVENT: ReasonConsoleClose, windows.CTRL_LOGOFF_EVENT: ReasonLogoff, windows.CTRL_SHUTDOWN_EVENT: ReasonShutdown} {
		mail := newMailbox()
		go consoleEvent(mail, event) // it never returns: Windows would end the process
		<-mail.wake
		if got := mail.take(); len(got) != 1 || got[0] != message(stopMessage(reason)) {
			t.Errorf("event %d: %v, want %v", event, got, reason)
		}
		if consoleLimit(reason) != 4*time.Second {
			t.Errorf("%v: limit %v", reason, consoleLimit(reason))
		}
	}
}
