package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/lab"
)

func newSystemd(t *testing.T) *guest {
	return newGuest(t, lab.Linux, "linux", "/opt/daruma/", "")
}

// shopYAML is a definition beside testprog; the rest are lines of the service.
func shopYAML(rest ...string) string {
	return "name: shop\n" + strings.Join(append(rest, ""), "\n") + `programs:
  a:
    command: [./testprog, grace, -after, 10ms]
  b:
    command: [./testprog, grace, -after, 10ms]
    dependsOn: {a: started}
`
}

func (g *guest) shell(script string) string {
	g.t.Helper()
	return g.Output("sh", "-c", script)
}

func (g *guest) field(pid int, name string) string {
	g.t.Helper()
	return g.shell(fmt.Sprintf("awk '/^%s:/{print $2}' /proc/%d/status", name, pid))
}

func TestInstallOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file, unit := g.dir+"daruma.yaml", "/etc/systemd/system/shop.service"
	g.Write(file, shopYAML("displayName: Shop", "description: tea"), 0o644)
	g.says(0, []string{"shop would be installed", "Service.DynamicUser: yes", "--stop-timeout=1m10s"}, "install", file, "--dry-run")
	if g.Exists(unit) || g.Exists("/etc/daruma/shop") {
		t.Error("a dry run changed something")
	}
	g.says(0, []string{"shop installed", "daruma start shop"}, "install", file)
	g.says(3, []string{"inactive (dead)", "start type automatic"}, "status", "shop")
	g.says(0, []string{"nothing changed"}, "install", file)
	g.says(0, []string{"shop: started", "active (running)"}, "start", "shop")
	v := g.up("started", "shop")
	if user := g.shell("systemctl show -P User shop"); user != "daruma-shop" {
		t.Errorf("the service's user is %s", user)
	}
	if uid, err := strconv.Atoi(g.field(v.Programs[0].PID, "Uid")); err != nil || uid < 61184 || uid > 65519 { // systemd's for dynamic users
		t.Errorf("the program runs as user %d: %v", uid, err)
	}
	if caps := g.field(v.Programs[0].PID, "CapPrm") + g.field(v.KeeperPID, "CapPrm"); strings.Trim(caps, "0") != "" {
		t.Errorf("program or keeper have capabilities: %s", caps)
	}
	for property, want := range map[string]string{"Type": "notify", "KillMode": "mixed", "Delegate": "yes", "OOMPolicy": "continue",
		"WatchdogUSec": "3min", "TimeoutStopUSec": "1min 20s", "StatusText": "2 programs: 2 ready"} {
		if have := g.shell("systemctl show -P " + property + " shop"); have != want {
			t.Errorf("systemd has %s=%s, want %s", property, have, want)
		}
	}
	for property, want := range map[string]string{"After": "network.target", "WantsMountsFor": "/opt/daruma",
		"Documentation": "file:///opt/daruma/daruma.yaml"} {
		if have := strings.Fields(g.shell("systemctl show -P " + property + " shop")); !slices.Contains(have, want) {
			t.Errorf("systemd has %s=%s, want %s among them", property, have, want)
		}
	}
	environ := strings.Split(g.shell(fmt.Sprintf("tr '\\0' '\\n' < /proc/%d/environ", v.KeeperPID)), "\n")
	for _, name := range []string{"STATE_DIRECTORY", "LOGS_DIRECTORY", "RUNTIME_DIRECTORY"} {
		if value, ok := install.FolderVariable(name, "shop"); !ok || !slices.Contains(environ, name+"="+value) {
			t.Errorf("check and doctor take %s for %s; the service has %s", name, value, environ)
		}
	}
	if codes := strings.Fields(g.shell("systemctl show -P RestartPreventExitStatus shop")); !slices.Contains(codes, "95") || slices.Contains(codes, "2") {
		t.Errorf("systemd restarts in vain after a wrong definition: codes %v alone are excepted", codes)
	}
	kill := func(pid int) { g.shell(fmt.Sprintf("kill -9 %d", pid)) }
	g.falls("shop", kill)
	before := g.up("before the keeper falls", "shop")
	kill(before.KeeperPID)
	after := g.await("the keeper was killed", "shop", func(v view) bool {
		return v.Running && v.KeeperPID != before.KeeperPID && v.Programs[0].PID != 0
	})
	if left := g.shell(fmt.Sprintf("ls -d /proc/%d 2>/dev/null || true", before.Programs[0].PID)); left != "" && after.Programs[0].PID != before.Programs[0].PID {
		t.Errorf("the old program outlived its keeper: %s", left)
	}

	g.Reboot()
	g.up("after a boot", "shop")
	g.says(0, []string{"a: stopped by SIGTERM", "b: stopped by SIGTERM", "inactive (dead)"}, "stop", "shop")
	g.says(0, []string{"already stopped"}, "stop", "shop")
	g.says(0, []string{"shop: restarted"}, "restart", "shop")

	g.says(0, []string{"X-Daruma.StartType: automatic → disabled", "until it is restarted"}, "install", file, "--start-type", "disabled")
	g.do(0, "stop", "shop")
	g.says(1, []string{"disabled", "another start type"}, "start", "shop")
	g.Reboot()
	g.says(3, []string{"inactive (dead)", "start type disabled"}, "status", "shop")

	g.says(0, []string{"shop is uninstalled", "left: /var/lib/private/daruma/shop"}, "uninstall", "shop")
	if g.Exists("/etc/daruma/shop") {
		t.Error("uninstalled, and there is a record of its installation")
	}
	g.says(3, []string{"no such service"}, "uninstall", "shop")
	g.shell("echo precious > /var/lib/private/daruma/shop/shop.db")
	g.says(0, []string{"not daruma's, and left:", "/var/lib/private/daruma/shop/shop.db", "--purge-data removes it"}, "uninstall", "shop", "--purge")
	if text := g.shell("cd /var/lib/private/daruma/shop && ls && cat shop.db"); text != "shop.db\nprecious" {
		t.Errorf("purged, and there is left in the state folder: %q, want the program's data alone", text)
	}
	g.do(0, "uninstall", "shop", "--purge-data")
	if left := g.shell("find / -xdev -path /proc -prune -o -path /opt -prune -o -name '*daruma*' -print -o -name '*shop*' -print"); left != "" {
		t.Errorf("purged, and there is left:\n%s", left)
	}
}

// TestBrokenDefinitionOnSystemd: what orders a restart checks first, what can't check it runs the last good definition, and a change
// that nobody loaded is said.
func TestBrokenDefinitionOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	good, broken := shopYAML(), strings.Replace(shopYAML(), "dependsOn", "dependsUpon", 1)
	g.Write(file, good, 0o644)
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	before := g.up("started", "shop")

	g.Write(file, broken, 0o644)
	g.says(2, []string{"daruma.yaml:7:", "dependsUpon", "nothing was stopped"}, "restart", "shop")
	g.says(2, []string{"dependsUpon", "the old one stays in force"}, "reload", "shop")
	g.says(2, []string{"dependsUpon"}, "install", file, "--now")
	g.says(1, []string{"dependsUpon"}, "doctor", "shop")
	if now := g.up("after all that", "shop"); now.Programs[0].PID != before.Programs[0].PID || now.KeeperPID != before.KeeperPID {
		t.Errorf("programs were touched: %+v, %+v", before, now)
	}
	if text := g.shell("systemctl show -P StatusText shop"); !strings.Contains(text, "the definition on disk is refused") {
		t.Errorf("the status says %q", text)
	}
	g.shell("systemctl restart shop")
	g.says(0, []string{"is refused and the last good one in force"}, "status", "shop")
	g.Reboot()
	if now := g.up("after a boot", "shop"); now.KeeperPID == 0 || len(now.Programs) != 2 {
		t.Errorf("%+v", now)
	}
	g.says(0, []string{"is refused and the last good one in force"}, "status", "shop")
	if out := g.shell("journalctl -b -u shop"); !strings.Contains(out, "the last good definition, loaded 2") {
		t.Errorf("the journal says\n%s", out)
	}

	before = g.up("before it is mended", "shop")
	g.Write(file, strings.ReplaceAll(good, "10ms", "20ms"), 0o644)
	g.says(0, []string{"was changed and isn't loaded"}, "status", "shop")
	g.says(0, []string{"nothing changed", "daruma reload shop"}, "install", file)
	g.says(0, []string{"has loaded it as it is now"}, "install", file, "--now")
	if now := g.up("reloaded", "shop"); now.Programs[0].PID == before.Programs[0].PID || now.KeeperPID != before.KeeperPID {
		t.Errorf("it wasn't reloaded: %+v, %+v", before, now)
	}

	// What the running service lacks to understand the definition, an installation gave to the next one.
	g.Write(file, strings.ReplaceAll(good, "10ms", "\"${AFTER}\""), 0o644)
	g.says(0, []string{"until it is restarted"}, "install", file, "--env", "AFTER=30ms")
	g.says(0, []string{"shop: restarted"}, "restart", "shop")
}

// TestInstallTellsWhoIsNotReady: the program's port never opens; systemd has the service running all the same when the time is over.
func TestInstallTellsWhoIsNotReady(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML("reportRunning: ready")+"    readinessProbe: {tcpSocket: {port: 9}, periodSeconds: 1}\n", 0o644)
	g.says(1, []string{"shop runs", "not all of its programs are up after 2s"}, "install", file, "--now", "--start-timeout", "2s")
	if text := g.shell("systemctl show -P StatusText shop"); !strings.Contains(text, "not ready: b (not up after 2s, reported running all the same)") {
		t.Errorf("the status says %q", text)
	}
	if took := g.shell("systemctl show -P ActiveEnterTimestampMonotonic,ExecMainStartTimestampMonotonic shop | sort -n | awk 'NR==1{a=$1} END{print ($1-a)/1000000}'"); took < "1.9" {
		t.Errorf("running was reported after %s s", took)
	}
}

// TestInstallOneCommand: NAME -- COMMAND, with a port that takes a right, which the keeper has and its program hasn't.
func TestInstallOneCommand(t *testing.T) {
	g := newSystemd(t)
	g.says(0, []string{"definition /etc/daruma/tea/daruma.yaml", "tea runs"}, "install", "tea", "--now", "--display-name", "Tea $x", "--", g.testprog, "grace", "-after", "10ms")
	g.up("started", "tea")
	g.says(0, []string{"nothing changed"}, "install", "tea")
	g.says(0, []string{"as it was → written", "daruma reload tea", `-       - "10ms"`, `+       - "20ms"`}, "install", "tea", "--", g.testprog, "grace", "-after", "20ms")
	if kept := g.shell("ls /etc/daruma/tea"); strings.Contains(kept, "edited") {
		t.Errorf("what nobody edited was kept: %s", kept)
	}
	g.shell("echo '    env: {TEA: green}' >> /etc/daruma/tea/daruma.yaml")
	g.says(0, []string{"-     env: {TEA: green}", "would be kept as /etc/daruma/tea/daruma.yaml.edited-"}, "install", "tea", "--dry-run", "--", g.testprog, "grace", "-after", "30ms")
	g.says(0, []string{"-     env: {TEA: green}", "is kept as /etc/daruma/tea/daruma.yaml.edited-"}, "install", "tea", "--", g.testprog, "grace", "-after", "30ms")
	if kept := g.shell("tail -n 1 /etc/daruma/tea/daruma.yaml.edited-*"); kept != "env: {TEA: green}" {
		t.Errorf("the edited definition that was kept ends with %q", kept)
	}

	g.Write("/etc/daruma/tea/daruma.yaml", "name: tea\nprograms:\n  tea:\n    command: ["+g.testprog+", grace, -after, 10ms]\n    listen: [{name: web, address: \"127.0.0.1:80\"}]\n", 0o644)
	g.says(0, []string{"Service.AmbientCapabilities: CAP_NET_BIND_SERVICE", "tea runs"}, "install", "tea", "--now")
	v := g.up("listening", "tea")
	const bindService = "0000000000000400"
	if caps := g.field(v.KeeperPID, "CapPrm"); caps != bindService {
		t.Errorf("the keeper's capabilities are %s, want %s", caps, bindService)
	}
	for _, pid := range []int{v.SupervisorPID, v.Programs[0].PID} {
		if caps := g.field(pid, "CapPrm") + g.field(pid, "CapAmb"); strings.Trim(caps, "0") != "" {
			t.Errorf("supervisor or program have capabilities: %s", caps)
		}
	}
}

func TestInstallRefuses(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML(), 0o644)
	refused := func(code int, before, after string, words ...string) {
		t.Helper()
		g.shell(before)
		g.says(code, words, "install", file)
		g.shell(after)
	}
	refused(1, "chmod o+w /opt/daruma", "chmod o-w /opt/daruma", "everybody may write to it", "chmod o-w /opt/daruma", "daruma.yaml", "testprog")
	refused(1, "chown 33 "+g.testprog, "chown 0 "+g.testprog, "user 33 owns it", "chown root:root")
	refused(1, "chgrp 33 "+file+"; chmod g+w "+file, "chmod g-w "+file, "group 33 may write to it")
	refused(1, "touch /opt/daruma/hook.sh; chmod 666 /opt/daruma/hook.sh; sed -i '$a \\    lifecycle: {preStop: {exec: {command: [sh, hook.sh]}}}' "+file, "sed -i '$d' "+file,
		"programs.b.lifecycle.preStop.exec.command", "chmod o-w /opt/daruma/hook.sh")
	refused(1, "chmod 700 /opt/daruma", "chmod 755 /opt/daruma", "account virtual may not enter /opt/daruma")
	refused(2, "echo nme: x >> "+file, "sed -i '$d' "+file, "did you mean name?")
	refused(2, "sed -i 's/10ms/\"${AFTER}\"/' "+file, "true", "AFTER isn't set")
	if answer, err := g.RunCommand(t.Context(), lab.Command{Path: g.daruma, Args: []string{"install", file}, Env: []string{"AFTER=10ms"}}); err != nil || answer.ExitCode != 2 ||
		!strings.Contains(string(answer.Stderr), "give --env NAME=VALUE") {
		t.Errorf("a variable of the terminal's: %v %v", err, answer)
	}
	refused(1, "sed -i 's/\"${AFTER}\"/10ms/; $a \\    securityContext: {runAsUser: nobody}' "+file, "true", "programs.b.securityContext.runAsUser: needs root's rights")
	g.says(1, []string{"there is no such user", "useradd"}, "install", file, "--account", "joe")
	g.says(1, []string{"is an account of Windows"}, "install", file, "--account", `CORP\joe`)
	g.shell("cp " + g.daruma + " /var/tmp/daruma")
	if r, err := g.Run(t.Context(), "/var/tmp/daruma", "install", file); err != nil || r.ExitCode != 1 || !strings.Contains(r.String(), "for temporary files") {
		t.Errorf("a daruma among temporary files: %v %v", err, r)
	}
	// Rights are missed before anything is changed.
	g.Write(file, shopYAML(), 0o644)
	if r, err := g.Run(t.Context(), "setpriv", "--reuid=33", "--clear-groups", g.daruma, "install", file); err != nil || r.ExitCode != 1 || !strings.Contains(r.String(), "sudo") {
		t.Errorf("without rights: %v %v", err, r)
	}
	if left := g.shell("ls /etc/systemd/system/ /etc/daruma 2>/dev/null | grep -i shop || true"); left != "" {
		t.Errorf("refused, and something is there: %s", left)
	}
}
