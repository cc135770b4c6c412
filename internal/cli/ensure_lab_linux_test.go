package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/doctor"
	"github.com/daruma-sh/daruma/internal/ensure"
	"github.com/daruma-sh/daruma/service/manager"
)

// ensures runs daruma ensure, which must end with the code and come to this action.
func (g *guest) ensures(code int, want ensure.Action, words string, args ...string) ensured {
	g.t.Helper()
	var e ensured
	text := g.do(code, append([]string{"ensure", "shop", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		g.t.Fatalf("daruma ensure -o json: %v\n%s", err, text)
	}
	if e.Action != want || !strings.Contains(e.Reason+e.Error, words) {
		g.t.Fatalf("daruma ensure shop: %s, %q, want %s, …%s…\n%s", e.Action, e.Reason, want, words, text)
	}
	return e
}

// finds runs daruma doctor, and gives the findings that aren't ok, by their checks.
func (g *guest) finds(code int) map[string]string {
	g.t.Helper()
	text := g.do(code, "doctor", "shop", "-o", "json")
	var list []examined
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		g.t.Fatalf("daruma doctor -o json: %v\n%s", err, text)
	}
	found := map[string]string{}
	for _, f := range list[0].Findings {
		if f.Level == doctor.Warn || f.Level == doctor.Fail {
			found[f.Check] += fmt.Sprintf("%s: %s (%s)\n", f.Level, f.Text, f.Remedy)
		}
	}
	return found
}

func (g *guest) healthy(what string) {
	g.t.Helper()
	if found := g.finds(0); len(found) > 0 {
		g.t.Errorf("%s the doctor finds: %v", what, found)
	}
}

// recorded waits for an incident whose cause has the words.
func (g *guest) recorded(words string) {
	g.t.Helper()
	var text string
	for range 100 {
		if text = g.do(0, "incidents", "shop", "-o", "json"); strings.Contains(text, words) && strings.Contains(text, "daruma ensure started the service") {
			return
		}
	}
	g.t.Errorf("no incident says %q: %s", words, text)
}

// wasDown: every incident of the service and its programs lasted at least so long.
func (g *guest) wasDown(least time.Duration, what string) {
	g.t.Helper()
	var records []serviceRecord
	text := g.do(0, "incidents", "shop", "-o", "json")
	if err := json.Unmarshal([]byte(text), &records); err != nil || len(records) != 1 || len(records[0].Incidents) < 2 {
		g.t.Fatalf("%s: %v\n%s", what, err, text)
	}
	for _, i := range records[0].Incidents {
		if i.Down.Duration() < least {
			g.t.Errorf("%s: %q of %q was down for %v, want %v at least", what, i.Cause, i.Program, i.Down.Duration(), least)
		}
	}
}

// quick: where all is well, ensure takes at most 50 ms beside the start of its process. The best of ten, for a machine that has
// other work.
func (g *guest) quick() {
	g.t.Helper()
	best := 1.0
	for range 10 {
		best = min(best, g.ensures(0, ensure.Fine, "runs").Took)
	}
	if best > 0.05 {
		g.t.Errorf("ensure took %.0f ms where all was well", best*1000)
	}
}

func TestEnsureOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML("fallback: {enabled: true, everySeconds: 600}"), 0o644)
	g.ensures(1, "", "no such service")
	g.says(0, []string{"daruma-ensure@shop.timer: enabled"}, "install", file, "-n")
	g.do(0, "install", file)
	if every := g.shell("systemctl show -P TimersMonotonic daruma-ensure@shop.timer"); !strings.Contains(every, "OnUnitActiveUSec=10min") {
		t.Errorf("the timer: %s", every)
	}
	if state := g.Output("systemctl", "is-active", "daruma-ensure@shop.timer"); state != "active" {
		t.Errorf("the timer is %s", state)
	}
	g.ensures(0, ensure.Leave, "not started yet")
	g.do(0, "start", "shop")
	g.quick()
	g.healthy("installed and started,")

	g.shell("systemctl stop shop")
	g.ensures(0, ensure.Leave, "stopped on purpose")
	g.Reboot()
	g.up("after a boot", "shop")

	// Down and given up: systemd restarts it unless an administrator told it otherwise.
	g.shell(`mkdir /etc/systemd/system/shop.service.d && printf '[Service]\nRestart=no\n' > /etc/systemd/system/shop.service.d/no.conf && systemctl daemon-reload`)
	kill := func() {
		g.shell(`systemctl kill -s KILL shop; until systemctl -q is-failed shop; do sleep 0.02; done`)
	}
	kill()
	g.shell("sleep 3")
	if e := g.ensures(0, ensure.Start, "signal 9"); !e.Acted || !e.Running {
		t.Errorf("a failed unit: %+v", e)
	}
	g.up("ensured", "shop")
	g.recorded("ended by signal 9")
	g.wasDown(3*time.Second, "an outage that ensure ended")
	if found := g.finds(1); !strings.Contains(found["recovery"], "fail") || !strings.Contains(found["unit"], "no.conf") {
		t.Errorf("with a drop-in that forbids restarts the doctor finds: %v", found)
	}
	kill()
	g.shell("systemctl start daruma-ensure@shop.service") // as the timer does
	g.up("ensured by the timer's unit", "shop")
	g.shell(`rm -r /etc/systemd/system/shop.service.d; systemctl daemon-reload`)

	// Disabled by accident.
	g.shell("systemctl disable --now shop")
	g.Reboot()
	g.ensures(3, ensure.Enable, "changed to manual")
	if found := g.finds(1); !strings.Contains(found["service"], "--enable") {
		t.Errorf("with a disabled unit the doctor finds: %v", found)
	}
	if e := g.ensures(0, ensure.Start, "changed to manual", "--enable"); e.Start != manager.Automatic {
		t.Errorf("enabled: %+v", e)
	}
	g.up("enabled", "shop")

	// Disabled while it runs, and while it is down on purpose: the next boot would leave it down.
	g.shell("systemctl disable shop")
	if found := g.finds(1); !strings.Contains(found["service"], "--enable") {
		t.Errorf("with a disabled unit that runs the doctor finds: %v", found)
	}
	if e := g.ensures(0, ensure.Fine, "runs", "--enable"); e.Start != manager.Automatic || !e.Acted || len(e.Changes) != 1 {
		t.Errorf("enabled while it runs: %+v", e)
	}
	g.healthy("enabled while it runs,")
	g.shell("systemctl disable --now shop")
	if e := g.ensures(0, ensure.Leave, "stopped on purpose", "--enable"); e.Start != manager.Automatic || e.Running {
		t.Errorf("enabled while it is down on purpose: %+v", e)
	}
	g.Reboot()
	g.up("booted after it was enabled", "shop")

	// Drifted.
	g.shell(`sed -i s/^RestartSec=.*/RestartSec=1h/ /etc/systemd/system/shop.service && rm /etc/systemd/system/daruma-ensure@shop.timer && systemctl daemon-reload`)
	if found := g.finds(1); !strings.Contains(found["registration"], "Service.RestartSec: 1s → 1h") || !strings.Contains(found["fallback"], "fail") {
		t.Errorf("with a changed unit the doctor finds: %v", found)
	}
	if e := g.ensures(0, ensure.Fine, "runs", "--repair"); !e.Acted || len(e.Changes) == 0 {
		t.Errorf("repaired: %+v", e)
	}
	g.shell("systemctl restart shop")
	g.up("restarted", "shop")
	g.healthy("repaired,")
	g.shell("chmod o+w " + file)
	if found := g.finds(1); !strings.Contains(found["access"], "chmod o-w") {
		t.Errorf("with a definition that everybody may write the doctor finds: %v", found)
	}
	g.do(0, "uninstall", "shop", "--purge")
	if left := g.shell("ls /etc/systemd/system | grep -c daruma-ensure || true"); left != "0" {
		t.Errorf("%s units of the fallback are left", left)
	}
	g.finds(1)
}

func TestEnsureOnWine(t *testing.T) {
	g := newWindows(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML("fallback: {wakeToRun: true}"), 0o644)
	g.says(0, []string{`\daruma\shop: task`}, "install", file, "-n")
	g.do(0, "install", file)
	const task = `C:\windows\system32\tasks\daruma\shop`
	if !g.Exists(task) || !strings.Contains(g.Read(task), "<WakeToRun>true<") {
		t.Errorf("the task isn't there, or doesn't wake the machine: %v %q", g.Exists(task), g.Read(task))
	}
	g.ensures(0, ensure.Leave, "not started yet")
	g.do(0, "start", "shop")
	v := g.up("started", "shop")
	g.quick()
	g.healthy("installed and started,")

	g.Output("taskkill", "/f", "/pid", fmt.Sprint(v.KeeperPID))
	g.await("the keeper was killed", "shop", func(v view) bool { return !v.Running && v.System != nil && v.System.State == manager.Failed })
	if found := g.finds(1); !strings.Contains(found["service"], "its process died (1067)") {
		t.Errorf("with a service that died the doctor finds: %v", found)
	}
	if e := g.ensures(0, ensure.Start, "1067"); !e.Acted || !e.Running {
		t.Errorf("a service that died: %+v", e)
	}
	g.up("ensured", "shop")
	g.recorded("its process died (1067)")

	g.Output("sc", "stop", "shop")
	g.await("sc stop", "shop", func(v view) bool { return !v.Running && v.System != nil && v.System.State == manager.Stopped })
	g.ensures(0, ensure.Leave, "stopped on purpose")

	g.Output("reg", "add", shopKey, "/v", "Start", "/t", "REG_DWORD", "/d", "4", "/f")
	g.Reboot()
	g.ensures(3, ensure.Enable, "changed to disabled")
	if e := g.ensures(0, ensure.Start, "changed to disabled", "--enable"); e.Start != manager.Automatic {
		t.Errorf("enabled: %+v", e)
	}
	g.up("enabled", "shop")

	g.Output("reg", "add", shopKey, "/v", "ImagePath", "/d", `C:\Program Files\daruma\other.exe host shop x`, "/f")
	g.Reboot()
	found := g.finds(1)
	if !strings.Contains(found["command"], "no quotes") || !strings.Contains(found["registration"], "BINARY_PATH_NAME") {
		t.Errorf("with another image path the doctor finds: %v", found)
	}
	g.ensures(1, ensure.Start, "executable is gone")
	if e := g.ensures(0, ensure.Start, "since the machine's boot", "--repair"); len(e.Changes) == 0 {
		t.Errorf("repaired: %+v", e)
	}
	g.up("repaired", "shop")
	g.Output("reg", "add", `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Power`, "/v", "HiberbootEnabled", "/t", "REG_DWORD", "/d", "1", "/f")
	if found := g.finds(0); !strings.Contains(found["fast startup"], "powercfg") {
		t.Errorf("with Fast Startup the doctor finds: %v", found)
	}
	g.do(0, "uninstall", "shop", "--purge")
	if g.Exists(task) {
		t.Error("the task is left")
	}
}
