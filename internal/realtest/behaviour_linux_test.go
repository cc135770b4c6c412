package realtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestHooks: they run as the program does, and the answer to a stop says which step ended it.
func TestHooks(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  it:
    command: [%[1]s, ignore-stop]
    env: {WHO: program}
    lifecycle:
      postStart: {exec: {command: [sh, -c, 'echo "$WHO $PWD" > post']}}
      preStop: {exec: {command: [sh, -c, 'kill -9 $(cat pid)']}}
  slow:
    command: [%[1]s, grace]
    lifecycle: {preStop: {exec: {command: [sleep, "1000"]}}}
    terminationGracePeriodSeconds: 0.3
  broken:
    command: [%[1]s, hang]
    backoff: {initialSeconds: 0.05, maxSeconds: 0.05}
    maxRestarts: {count: 2, withinSeconds: 60}
    lifecycle: {postStart: {exec: {command: [sh, -c, 'echo no database >&2; exit 9']}}}
`, testbin.Path(t)))
	e := s.awaitReady("it", 0)
	if data, err := os.ReadFile(filepath.Join(dir, "post")); err != nil || string(data) != "program "+dir+"\n" {
		t.Errorf("postStart wrote %q, %v", data, err)
	}
	write(t, filepath.Join(dir, "pid"), fmt.Sprint(e.PID))
	if r := s.command(control.VerbStop, "it"); !r.Done || r.EndedBy != control.EndedPreStop {
		t.Errorf("it: %+v, want it ended by preStop", r)
	}
	if r := s.command(control.VerbStop, "slow"); !r.Done || r.EndedBy != control.EndedSignal || r.TookMs < 300 {
		t.Errorf("slow: %+v, want it ended by the signal, after preStop used up the grace period", r)
	}
	s.next = 0
	failed := s.await("broken is given up", func(e control.Event) bool { return e.Program == "broken" && e.Kind == control.EventFailed })
	if !strings.Contains(failed.Reason, "postStart failed") || !strings.Contains(failed.Reason, "no database") {
		t.Errorf("reason %q", failed.Reason)
	}
}

// TestExecProbe: it runs in the program's folder; what it leaves behind is ended; its verdict restarts the program.
func TestExecProbe(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "fine"), "")
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  it:
    command: [%[1]s, hang]
    livenessProbe: {exec: {command: [sh, -c, 'sleep 4321 & test -f fine || { echo "fine is gone"; exit 1; }']}, periodSeconds: 0.1, failureThreshold: 2}
  stuck:
    command: [%[1]s, hang]
    restartPolicy: Never
    livenessProbe: {exec: {command: [sh, -c, 'sleep 4321; true']}, periodSeconds: 0.1, timeoutSeconds: 0.2, failureThreshold: 2}
`, testbin.Path(t)))
	s.awaitReady("it", 0)
	stuck := s.await("stuck fails", func(e control.Event) bool { return e.Program == "stuck" && e.Kind == control.EventFailed })
	if !strings.Contains(stuck.Reason, "livenessProbe failed 2 times") {
		t.Errorf("reason %q", stuck.Reason)
	}
	if err := os.Remove(filepath.Join(dir, "fine")); err != nil {
		t.Fatal(err)
	}
	e := s.await("it is unhealthy", func(e control.Event) bool { return e.Program == "it" && e.Kind == control.EventUnhealthy })
	if !strings.Contains(e.Reason, "fine is gone") || !strings.Contains(e.Reason, "livenessProbe") {
		t.Errorf("reason %q", e.Reason)
	}
	write(t, filepath.Join(dir, "fine"), "")
	s.awaitReady("it", 1)
	st, _ := s.status("it")
	s.eventually("no more than one probe's children", func() bool {
		n := 0
		for _, p := range descendants(t, st.KeeperPID) {
			if p.name == "sleep" {
				n++
			}
		}
		return n <= 1
	})
}

// TestSecurityContext: rights are really dropped, as /proc/PID/status shows.
func TestSecurityContext(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, testbin.Path(t))
	s := run(t, dir, fmt.Sprintf(`
name: real
programs:
  low:
    command: [%[1]s, hang]
    securityContext: {runAsUser: 65534, runAsGroup: 65534, allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}
    resources: {rlimits: {nofile: 77}}
    nice: 5
    umask: "0077"
`, testbin.Path(t)))
	e := s.awaitReady("low", 0)
	status := proc(t, e.PID, "status")
	for field, want := range map[string]string{
		"Uid": "65534	65534	65534	65534", "Gid": "65534	65534	65534	65534", "NoNewPrivs": "1", "Umask": "0077",
		"CapEff": "0000000000000400", "CapPrm": "0000000000000400", "CapBnd": "0000000000000400", "CapAmb": "0000000000000400",
	} {
		if got := fieldOf(status, field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if limits := proc(t, e.PID, "limits"); !strings.Contains(limits, "Max open files            77                   77") {
		t.Errorf("limits:\n%s", limits)
	}
}

func proc(t *testing.T, pid int, file string) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func fieldOf(status, name string) string {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestEnvironment: files, order of precedence, and a secret that shows nowhere but in the program.
func TestEnvironment(t *testing.T) {
	const secret = "s3cr3t-value-of-the-test"
	dir := folder(t)
	write(t, filepath.Join(dir, "one.env"), "# a comment\nA=file\nB='from file'\nSECRET="+secret+"\n")
	s := through(t, dir, fmt.Sprintf(`
name: real
programs:
  it:
    command: [sh, -c, 'echo "$A|$B|$C|$DARUMA_SERVICE|$DARUMA_PROGRAM|$DARUMA_GENERATION|$${#SECRET}"; exec %s hang']
    envFiles: [one.env]
    env: {A: definition, C: "${FROM_OUTSIDE}", PASSWORD: "${SECRET_OUTSIDE}"}
`, testbin.Path(t)), []string{"FROM_OUTSIDE=outside", "SECRET_OUTSIDE=" + secret})
	s.awaitReady("it", 0)
	want := fmt.Sprintf("definition|from file|outside|real|it|1|%d", len(secret))
	s.eventually(want, func() bool {
		out, _ := s.verb("logs", "-n", "5", "real/it")
		return strings.Contains(out, want)
	})
	st, _ := s.status("it")
	for _, pid := range []int{st.KeeperPID, st.SupervisorPID} {
		if strings.Contains(proc(t, pid, "cmdline"), secret) {
			t.Error("the secret is in a process list")
		}
	}
	err := filepath.WalkDir(s.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), secret) {
			t.Errorf("the secret is in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, e := range s.seen(control.EventStarted) {
		if b, _ := json.Marshal(e); strings.Contains(string(b), secret) {
			t.Error("the secret is in an event")
		}
	}
}

// TestLimitsAreRefused: a limit that can't be enforced is said, at its place, before anything starts.
func TestLimitsAreRefused(t *testing.T) {
	dir := folder(t)
	s := through(t, dir, "name: real\nprograms:\n  it:\n    command: [sleep, \"1\"]\n    resources: {limits: {memory: 512Mi}}\n", nil)
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(s.out.String(), "daruma.yaml:5:") || !strings.Contains(s.out.String(), "limits.memory") {
		t.Errorf("exit code %d, want 2: %s", code, s.out)
	}
}

// TestOrderThatWaitsInVain: an order starts what the program depends on too, and where that fails, the answer comes then and says so.
func TestOrderThatWaitsInVain(t *testing.T) {
	dir := folder(t)
	s := run(t, dir, `name: real
programs:
  migrate: {command: [sh, -c, 'test -e done'], restartPolicy: Never}
  api: {command: [sleep, "1000"], dependsOn: {migrate: completed}}
  other: {command: [sleep, "1000"]}
`)
	s.await("migrate has failed", func(e control.Event) bool { return e.Program == "migrate" && e.Kind == control.EventFailed })
	for _, verb := range []control.Verb{control.VerbStart, control.VerbRestart} {
		const why = "waits for migrate to be completed (it is failed: exit code 1"
		if r := s.command(verb, "api"); r.Done || !strings.Contains(r.Message, why) {
			t.Errorf("%s api: %+v", verb, r)
		}
		if out, code := s.verb(string(verb), "real"); code == 0 || !strings.Contains(out, why) {
			t.Errorf("%s: exit code %d: %s", verb, code, out)
		}
	}
	_, api := s.status("api")
	if !strings.Contains(api.Reason, "(it is failed: ") {
		t.Errorf("status says %q", api.Reason)
	}
	write(t, filepath.Join(dir, "done"), "")
	if r := s.command(control.VerbStart, "api"); !r.Done {
		t.Errorf("start: %+v", r)
	}
}
