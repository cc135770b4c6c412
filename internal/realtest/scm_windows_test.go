package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows/svc"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/wine"
)

// allKinds are the programs of kinds.
func allKinds() []string { return []string{"console", "deaf", "family", "escape", "window", "batch"} }

// ready waits until every kind of program has said that it has done what it begins with.
func (i *installed) ready() {
	i.t.Helper()
	for _, program := range allKinds() {
		i.awaitLogged(program, "ready")
	}
}

// TestServiceFalls: whatever kind of program falls, its tree ends and it alone stands up again; the supervisor's death disturbs
// none of them; the keeper's takes all along, and they are brought back.
func TestServiceFalls(t *testing.T) {
	i := install(t, kinds)
	i.start()
	before := i.up(allKinds()...)
	for _, p := range before.Programs {
		tree := descendants(t, p.PID)
		if p.Name == "family" {
			for _, pid := range i.children(p.PID) {
				if one, ok := look(t, pid, "child of family"); ok {
					tree = append(tree, one)
				}
			}
			if len(tree) < 3 {
				t.Errorf("the family is %v, want three", tree)
			}
		}
		kill(t, p.PID)
		for _, one := range tree {
			one.await(t)
		}
		i.eventually(p.Name+" stands again", func() bool {
			_, now := i.status(p.Name)
			return now.State == control.StateRunning && now.PID != 0 && now.PID != p.PID
		})
	}
	stood := i.up(allKinds()...)
	for _, p := range stood.Programs {
		if p.Restarts != 1 {
			t.Errorf("%s was restarted %d times, want once", p.Name, p.Restarts)
		}
	}
	kill(t, stood.SupervisorPID)
	i.eventually("a new supervisor", func() bool {
		now, err := i.client.Status(t.Context())
		return err == nil && now.SupervisorPID != stood.SupervisorPID
	})
	for _, was := range stood.Programs {
		if _, now := i.status(was.Name); now.PID != was.PID || now.Generation != was.Generation {
			t.Errorf("the supervisor fell, and %s was %+v, is %+v", was.Name, was, now)
		}
	}
	if escape := i.logged("escape"); !strings.Contains(escape, "refused") {
		t.Errorf("a program may start children outside of its job: %s", escape)
	}
	i.keeperFalls()
}

// keeperFalls: Windows' own recovery brings the service back; Wine has none, and what daruma ensure does is all there is.
func (i *installed) keeperFalls() {
	i.t.Helper()
	before := i.up()
	tree := i.tree()
	if len(tree) < 10 {
		i.t.Errorf("the service's tree is %v: want keeper, supervisor, six programs and two children", tree)
	}
	kill(i.t, before.KeeperPID)
	for _, one := range tree {
		one.await(i.t)
	}
	if wine.Running() {
		st, _ := i.state(svc.Stopped)
		if st.Win32ExitCode != 1067 {
			i.t.Errorf("exit code %d, want 1067 (the process ended unexpectedly)", st.Win32ExitCode)
		}
		if out := i.ok("ensure", i.name); !strings.Contains(out, "1067") || !strings.Contains(out, "started") {
			i.t.Errorf("daruma ensure says %q", out)
		}
	}
	i.eventually("it runs again", func() bool {
		st := i.query()
		return svc.State(st.CurrentState) == svc.Running && int(st.ProcessId) != before.KeeperPID
	})
	i.afresh()
	if now := i.up(allKinds()...); now.KeeperPID == before.KeeperPID {
		i.t.Error("the keeper is the same")
	}
	i.eventually("every program's fall with the keeper is on record, and that it stands again", func() bool {
		stood := map[string]bool{}
		for _, one := range i.incidents() {
			stood[one.Program] = one.Outcome == incident.Recovered && (one.Kind == incident.Keeper || one.LastCause != "")
		}
		return !slices.ContainsFunc(allKinds(), func(program string) bool { return !stood[program] }) && (!wine.Running() || stood[""])
	})
	if out := i.ok("ensure", i.name); !strings.Contains(out, "runs") {
		i.t.Errorf("all is well, and daruma ensure says %q", out)
	}
}

// TestServiceStops: what services.msc sends ends every kind of program in its own way, with its last words, and the service manager
// hears that it goes on.
func TestServiceStops(t *testing.T) {
	i := install(t, kinds+`  slow: {command: [./testprog, grace, -after, 3s]}`+"\n")
	i.start()
	i.up(append(allKinds(), "slow")...)
	i.ready()
	i.awaitLogged("slow", "ready")
	tree := i.tree()
	i.control(svc.Stop)
	st, checkpoints := i.state(svc.Stopped)
	if st.Win32ExitCode != 0 || len(checkpoints) < 2 {
		t.Errorf("exit code %d after %d checkpoints, want 0 and two at least", st.Win32ExitCode, len(checkpoints))
	}
	for _, one := range tree {
		one.await(t)
	}
	for program, last := range map[string]string{"console": "last line", "slow": "last line", "window": "closed by WM_CLOSE", "deaf": "", "batch": ""} {
		if out := i.log(program); !strings.HasSuffix(strings.TrimSpace(out), last) {
			t.Errorf("%s: the log ends with %q, want %q", program, out, last)
		}
	}
	if out := i.log("deaf"); strings.Contains(out, "stopping") {
		t.Errorf("deaf heard it: %q", out)
	}
	// On purpose it was: nobody is to undo it.
	if out := i.ok("ensure", i.name); !strings.Contains(out, "stopped on purpose") {
		t.Errorf("daruma ensure says %q", out)
	}
	if st := i.query(); svc.State(st.CurrentState) != svc.Stopped {
		t.Error("it runs again")
	}
}

// TestServicePauses: paused, every process stands still; continued, each goes on where it was. A stop ends a paused one too.
func TestServicePauses(t *testing.T) {
	i := install(t, kinds+`  flood: {command: [./testprog, flood, -rate, "200"]}`+"\n")
	i.start()
	before := i.up(append(allKinds(), "flood")...)
	i.ready()
	i.control(svc.Pause)
	i.state(svc.Paused)
	for _, p := range before.Programs {
		if _, now := i.status(p.Name); now.State != control.StatePaused || now.PID != p.PID {
			t.Errorf("%s is %s with pid %d, want it paused with %d", p.Name, now.State, now.PID, p.PID)
		}
	}
	i.stands("flood")
	i.control(svc.Continue)
	i.state(svc.Running)
	after := i.up(append(allKinds(), "flood")...)
	for k, p := range after.Programs {
		if p.PID != before.Programs[k].PID || p.Restarts != 0 {
			t.Errorf("%s was %+v, is %+v", p.Name, before.Programs[k], p)
		}
	}
	lines := i.lines("flood")
	i.eventually("flood goes on", func() bool { return i.lines("flood") > lines })
	i.control(svc.Pause)
	i.state(svc.Paused)
	tree := i.tree()
	i.control(svc.Stop)
	if st, _ := i.state(svc.Stopped); st.Win32ExitCode != 0 {
		t.Errorf("exit code %d", st.Win32ExitCode)
	}
	for _, one := range tree {
		one.await(t)
	}
	i.wantNumbered("flood", i.lines("flood"))
}

// stands wants nothing more in the log of a program than what is on its way there.
func (i *installed) stands(program string) {
	i.t.Helper()
	last := -1
	i.eventually(program+" stands still", func() bool {
		now := i.lines(program)
		still := now == last
		last = now
		time.Sleep(200 * time.Millisecond) // sleep: forty of its lines, that nothing happens has no event
		return still
	})
}

// TestServiceIsStoppedAnytime: before it is up, while it stops, and while a program waits for its next start.
func TestServiceIsStoppedAnytime(t *testing.T) {
	const late = `
reportRunning: ready
programs:
  it: {command: [./testprog, grace], readinessProbe: {exec: {command: [./testprog, exit, -code, "1"]}, periodSeconds: 1, timeoutSeconds: 5}}
`
	t.Run("starting", func(t *testing.T) {
		i := install(t, late)
		i.start()
		i.up("it")
		i.awaitLogged("it", "ready")
		if st := i.query(); svc.State(st.CurrentState) != svc.StartPending {
			t.Errorf("the service is %s, want START_PENDING until it is ready", stateNames()[svc.State(st.CurrentState)])
		}
		i.goes(func() { i.ok("stop", i.name) })
	})
	t.Run("stopping", func(t *testing.T) {
		i := install(t, "\nprograms:\n  it: {command: [./testprog, grace, -after, 2s]}\n")
		i.start()
		i.up("it")
		i.awaitLogged("it", "ready")
		i.goes(func() {
			answered := make(chan struct{})
			go func() { // daruma's own stop is under way when the service manager's comes
				defer close(answered)
				i.verb("stop", i.name)
			}()
			i.awaitLogged("it", "stopping")
			_, _ = i.scm.Control(svc.Stop) // refused where the other was faster
			<-answered
		})
	})
	t.Run("backoff", func(t *testing.T) {
		i := install(t, "\nprograms:\n  it: {command: [./testprog, exit, -code, \"3\"], backoff: {initialSeconds: 600, maxSeconds: 600}}\n")
		i.start()
		i.await("it waits", func(e control.Event) bool { return e.Kind == control.EventBackoff })
		i.goes(func() { i.control(svc.Stop) })
	})
}

// TestServiceEndsByItself: one of which nothing is left to run ends with a code that the service manager shows, and with no error that has
// Windows start it again; status says why.
func TestServiceEndsByItself(t *testing.T) {
	i := install(t, "\nprograms:\n  it: {command: [./testprog, hang], restartPolicy: Never}\n")
	i.start()
	st := i.up("it")
	kill(t, st.Programs[0].PID)
	if now, _ := i.state(svc.Stopped); now.Win32ExitCode != 0 || now.ServiceSpecificExitCode != uint32(exitcode.ProgramsFailed) {
		t.Errorf("exit code %d, %d", now.Win32ExitCode, now.ServiceSpecificExitCode)
	}
	if out, code := i.verb("status", i.name); code != 3 || !strings.Contains(out, "ended by itself at 20") || !strings.Contains(out, "nothing is left to run: it is failed") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := i.verb("ensure", i.name); code != 0 || !strings.Contains(out, "ended by itself") {
		t.Errorf("ensure: exit code %d: %s", code, out)
	}
}

// goes wants the stop to end the service without an error, its last line in the log, nothing left of it.
func (i *installed) goes(stop func()) {
	i.t.Helper()
	tree := i.tree()
	begin := time.Now()
	stop()
	if st, _ := i.state(svc.Stopped); st.Win32ExitCode != 0 {
		i.t.Errorf("exit code %d, %d", st.Win32ExitCode, st.ServiceSpecificExitCode)
	}
	for _, one := range tree {
		one.await(i.t)
	}
	i.t.Logf("stopped in %v", time.Since(begin).Round(time.Millisecond))
	if out := i.log("it"); strings.Contains(out, "stopping") && !strings.HasSuffix(out, "last line") {
		i.t.Errorf("its log ends with %q", out)
	}
}

// TestServiceHangs: a program that stands still, and so hears no signal either, is found by its probe and replaced.
func TestServiceHangs(t *testing.T) {
	i := install(t, fmt.Sprintf(`
programs:
  it:
    command: [./testprog, http, -addr, "127.0.0.1:%[1]d"]
    livenessProbe: {httpGet: {path: /health, port: %[1]d}, periodSeconds: 1, failureThreshold: 2}
    readinessProbe: {httpGet: {path: /health, port: %[1]d}, periodSeconds: 1}
    terminationGracePeriodSeconds: 1
`, freePort(t)))
	i.start()
	first := i.awaitReady("it", 0)
	suspend(t, first.PID)
	i.awaitReady("it", first.Generation)
	if one := i.awaitRecovered(); one.Kind != incident.LivenessProbe || one.Falls != 1 {
		t.Errorf("the incident is %+v", one)
	}
	if st := i.query(); svc.State(st.CurrentState) != svc.Running {
		t.Error("the service isn't running")
	}
}

// TestServiceIsUpgraded: daruma.exe is renamed away and replaced while the service runs. The next supervisor is the new one, the
// programs run on; the keeper is the old one until the service is restarted, and then the old file can go.
func TestServiceIsUpgraded(t *testing.T) {
	i := install(t, kinds)
	i.start()
	before := i.up(allKinds()...)
	old := filepath.Join(i.dir, "daruma-old.exe")
	if err := os.Rename(i.daruma, old); err != nil {
		t.Fatal(err)
	}
	copyFile(t, old, i.daruma)
	kill(t, before.SupervisorPID)
	i.eventually("a new supervisor", func() bool {
		now, err := i.client.Status(t.Context())
		return err == nil && now.SupervisorPID != before.SupervisorPID && strings.EqualFold(imageOf(t, now.SupervisorPID), i.daruma)
	})
	after := i.up(allKinds()...)
	for k, p := range after.Programs {
		if p.PID != before.Programs[k].PID || p.Generation != before.Programs[k].Generation {
			t.Errorf("%s was %+v, is %+v", p.Name, before.Programs[k], p)
		}
	}
	if after.KeeperPID != before.KeeperPID {
		t.Error("the keeper was replaced")
	}
	if !strings.Contains(strings.Join(after.Warnings, "\n"), "and the keeper still runs what was there before") {
		t.Errorf("the warnings are %q", after.Warnings)
	}
	if err := os.Remove(old); err == nil {
		t.Error("the old daruma.exe could be removed while the keeper runs it")
	}
	if out := i.ok("install", filepath.Join(i.dir, "daruma.yaml")); !strings.Contains(out, "nothing changed") {
		t.Errorf("installing again says %q", out)
	}
	i.ok("restart", i.name)
	i.afresh()
	if now := i.up(allKinds()...); now.KeeperPID == before.KeeperPID {
		t.Error("after a restart the keeper is the old one")
	}
	if err := os.Remove(old); err != nil {
		t.Errorf("after a restart somebody still runs the old daruma.exe: %v", err)
	}
}

// TestRestartSurvivesItsClient: a restart goes on when who ordered it has gone in the middle; Wine has no recovery, and daruma ensure
// knows that the service is to run.
func TestRestartSurvivesItsClient(t *testing.T) {
	i := install(t, "programs:\n  slow: {command: [./testprog, grace, -after, 2s]}\n")
	i.start()
	before := i.up("slow")
	i.awaitLogged("slow", "ready")
	if out, code := i.verb("restart", i.name, "--timeout", "500ms"); code != 1 || !strings.Contains(out, "restarting "+i.name+" isn't over after 500ms and goes on") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if wine.Running() {
		st, _ := i.state(svc.Stopped)
		if st.Win32ExitCode != 1066 || st.ServiceSpecificExitCode != uint32(exitcode.Restarting) {
			t.Errorf("exit codes %d and %d, want 1066 and %d", st.Win32ExitCode, st.ServiceSpecificExitCode, exitcode.Restarting)
		}
		if out := i.ok("ensure", i.name); !strings.Contains(out, "started") {
			t.Errorf("daruma ensure says %q", out)
		}
	}
	i.eventually("it runs again", func() bool {
		st := i.query()
		return svc.State(st.CurrentState) == svc.Running && int(st.ProcessId) != before.KeeperPID
	})
	i.afresh()
	now := i.up("slow")
	i.awaitLogged("slow", "ready")
	if out := i.ok("restart", i.name); !strings.Contains(out, "slow: running, pid ") || !strings.Contains(out, "the old run was stopped by ") || !strings.Contains(out, "restarted after") {
		t.Errorf("with somebody who waits: %q", out)
	}
	i.afresh()
	if last := i.up("slow"); last.KeeperPID == now.KeeperPID {
		t.Error("the keeper is the same")
	}
}
