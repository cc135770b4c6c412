package servicetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
	"github.com/daruma-sh/daruma/service"
	"github.com/daruma-sh/daruma/service/manager"
)

// TestLife: what takes machines of its own, to be booted and cut. All at once, for they wait.
func TestLife(t *testing.T) {
	onTheHost(t)
	t.Parallel()
	for name, run := range map[string]func(*testing.T){"StartsSlowly": startsSlowly, "BootsOnSystemd": bootsOnSystemd, "BootsOnWindows": bootsOnWindows,
		"AtShutdown": atShutdown, "ExtendsItsStop": extendsItsStop} {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t) })
	}
}

// programVariable tells the test binary which of its services it is; package service has the same constant.
const programVariable = "DARUMA_TEST_PROGRAM"

// guest is a machine with the test binary of package service in it, which is installer and service in one.
type guest struct {
	*lab.Machine
	t        *testing.T
	exe, dir string
}

// guestOnLinux begins a Linux machine.
func guestOnLinux(t *testing.T) *guest {
	t.Helper()
	g := &guest{t: t, Machine: lab.Linux(t), exe: "/opt/service", dir: "/opt/diaries/"}
	testBinaryIn(t, g.Machine, "linux", library, g.exe)
	g.Output("mkdir", g.dir)
	return g
}

// guestOnWindows begins a Windows machine.
func guestOnWindows(t *testing.T) *guest {
	t.Helper()
	g := &guest{t: t, Machine: lab.Windows(t), exe: `C:\svc\service.exe`, dir: `C:\diaries\`}
	testBinaryIn(t, g.Machine, "windows", library, g.exe)
	g.Write(g.dir+"empty", "", 0o644)
	return g
}

// verb calls the verb of a test program's service; the last dash of a service's name is followed by the program's.
func (g *guest) verb(name string, words ...string) lab.Result {
	g.t.Helper()
	r, err := g.RunCommand(g.t.Context(), lab.Command{Path: g.exe, Args: words, Env: []string{programVariable + "=" + name}})
	if err != nil {
		g.t.Fatalf("%s %v: %v %v", name, words, err, r)
	}
	return r
}

func (g *guest) install(name string, options ...string) {
	g.t.Helper()
	if r := g.verb(name, append(append([]string{"install"}, options...), "--", g.dir+name)...); r.ExitCode != 0 {
		g.t.Fatalf("installing %s: %v", name, r)
	}
}

func (g *guest) status(name string) (s manager.Status) {
	g.t.Helper()
	r := g.verb(name, "status", "-o", "json")
	if err := json.NewDecoder(strings.NewReader(string(r.Stdout))).Decode(&s); err != nil {
		g.t.Fatalf("status of %s: %v: %v", name, err, r)
	}
	return s
}

func (g *guest) await(name, what string, wanted func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !wanted(); {
		if time.Now().After(deadline) {
			g.t.Fatalf("%s hasn't %s within 30 s: %s", name, what, g.status(name))
		}
		time.Sleep(50 * time.Millisecond) // sleep: a service in another machine is polled
	}
}

// said waits until a service has written something.
func (g *guest) said(name, text string) {
	g.t.Helper()
	g.await(name, "said "+text, func() bool { return g.Exists(g.dir+name) && strings.Contains(g.Read(g.dir+name), text) })
}

// boots: automatic, delayed, manual and disabled services over an orderly reboot and a power cut.
func (g *guest) boots(cut func()) {
	g.t.Helper()
	want := map[string]manager.State{"automatic": manager.Running, "delayed": manager.Running, "manual": manager.Stopped, "disabled": manager.Stopped}
	for start := range want {
		g.install("boot-"+start+"-plain", "--start-type", start)
	}
	check := func(after string) {
		g.t.Helper()
		for start, state := range want {
			name := "boot-" + start + "-plain"
			if state == manager.Running {
				g.await(name, "come up after "+after, func() bool { return g.status(name).State == state })
				g.said(name, "arguments")
			}
			if s := g.status(name); s.State != state || s.StartType.String() != start {
				g.t.Errorf("after %s %s is %s", after, name, s)
			}
		}
	}
	g.Reboot()
	check("a reboot")
	pid := g.status("boot-automatic-plain").PID
	if pid == 0 {
		g.t.Error("it runs without a process")
	}
	if r := g.verb("boot-disabled-plain", "start"); r.ExitCode != service.ExitFailed {
		g.t.Errorf("start of a disabled service: %v", r)
	}
	cut()
	check("a power cut")
}

// soon makes the delayed start of a Linux machine one that a test can wait for.
func (g *guest) soon() {
	const dropIn = "/etc/systemd/system/boot-delayed-plain.timer.d"
	g.Output("mkdir", "-p", dropIn)
	g.Write(dropIn+"/soon.conf", "[Timer]\nOnBootSec=\nOnBootSec=1s\n", 0o644)
}

func bootsOnSystemd(t *testing.T) {
	g := guestOnLinux(t)
	g.soon()
	g.boots(func() { g.CutPower(); g.Boot() })
}

func bootsOnWindows(t *testing.T) {
	g := guestOnWindows(t)
	g.boots(func() { g.CutPower(); g.Boot() }) // the registry was saved at the reboot
}

// atShutdown: a machine that shuts down waits for its services' stop, and isn't held up by one that starts or hangs.
func atShutdown(t *testing.T) {
	g := guestOnLinux(t)
	for _, name := range []string{"down-plain", "down-starting", "down-stopping", "down-deaf"} {
		g.install(name, "--start-type", "manual")
	}
	g.Output("systemctl", "start", "--no-block", "down-plain", "down-starting", "down-stopping", "down-deaf")
	g.said("down-plain", "arguments")
	g.said("down-starting", "starting")
	g.said("down-stopping", "arguments")
	g.said("down-deaf", "ready")
	g.Output("systemctl", "stop", "--no-block", "down-stopping")
	g.said("down-stopping", "cause: ")
	began := time.Now()
	g.Shutdown()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("the shutdown took %v", took)
	} else {
		t.Logf("the shutdown took %v", took)
	}
	g.Boot()
	for name, want := range map[string]string{
		"down-plain": "nothing left", "down-starting": "cause: " + service.ReasonTerminate.String() + "\nnothing left",
		"down-stopping": "stopped in good order\nnothing left", "down-deaf": "deafTo",
	} {
		if text := g.Read(g.dir + name); !strings.Contains(text, want) {
			t.Errorf("%s wrote no %q at the shutdown:\n%s", name, want, text)
		}
	}
}

// extendsItsStop: beyond TimeoutStopSec, and systemd is made to forget that in between. The service's own deadline ends it
// all the same, with its stacks. In a machine of its own: a daemon-reload after TimeoutStopSec would be the end at once.
func extendsItsStop(t *testing.T) {
	g := guestOnLinux(t)
	const name = "stop-deafer"
	g.install(name)
	if r := g.verb(name, "start"); r.ExitCode != 0 {
		t.Fatalf("the start failed: %v", r)
	}
	if limit := g.Output("systemctl", "show", "-P", "TimeoutStopUSec", name); limit != "11s" {
		t.Fatalf("TimeoutStopSec is %s, want 11s: this test shows nothing", limit)
	}
	g.Output("systemctl", "stop", "--no-block", name)
	g.said(name, "extended")
	g.Output("systemctl", "daemon-reload")
	g.await(name, "failed", func() bool { return g.status(name).State == manager.Failed })
	if s := g.status(name); s.Systemd.Result != "exit-code" || s.Systemd.ExecMainStatus != service.ExitStopTimeout {
		t.Errorf("it ended with %d, result %q, want 82, exit-code", s.Systemd.ExecMainStatus, s.Systemd.Result)
	}
	g.said(name, "deafTo")
}

// startsSlowly takes a minute, four times the unit's TimeoutStartSec: systemd waits because it is told to. It has a
// machine of its own: a daemon-reload, which every installation is, makes systemd forget what it was told.
func startsSlowly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: run without -short")
	}
	g := guestOnLinux(t)
	const name = "slow-minute"
	g.install(name)
	if limit := g.Output("systemctl", "show", "-P", "TimeoutStartUSec", name); limit != "15s" {
		t.Fatalf("TimeoutStartSec is %s, want 15s: this test shows nothing", limit)
	}
	began := time.Now()
	if r := g.verb(name, "start", "--timeout", "2m"); r.ExitCode != 0 {
		t.Errorf("the start failed: %v", r)
	}
	if took := time.Since(began); took < time.Minute {
		t.Errorf("it was up after %v", took)
	}
}
