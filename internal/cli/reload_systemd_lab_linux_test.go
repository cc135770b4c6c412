package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// TestSystemctlReload: it fails where the definition is refused, says why, and touches nothing.
func TestSystemctlReload(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	good, broken := shopYAML(), strings.Replace(shopYAML(), "dependsOn", "dependsUpon", 1)
	g.Write(file, good, 0o644)
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	before := g.up("started", "shop")
	reload := func() lab.Result {
		t.Helper()
		r, err := g.Run(t.Context(), "systemctl", "reload", "shop")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	g.Write(file, broken, 0o644)
	if r := reload(); r.ExitCode == 0 {
		t.Errorf("a broken definition was reloaded: %v", r)
	}
	status, err := g.Run(t.Context(), "systemctl", "status", "--no-pager", "-n", "20", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"active (running)", "status=95", "dependsUpon", "the old one stays in force", "the definition on disk is refused"} {
		if !strings.Contains(status.String(), want) {
			t.Errorf("systemctl status doesn't say %q:\n%s", want, status)
		}
	}
	if now := g.up("refused", "shop"); now.Programs[0].PID != before.Programs[0].PID || now.KeeperPID != before.KeeperPID {
		t.Errorf("programs were touched: %+v, %+v", before, now)
	}

	g.Write(file, strings.ReplaceAll(good, "10ms", "20ms"), 0o644)
	if r := reload(); r.ExitCode != 0 {
		t.Errorf("a mended definition: %v\n%s", r, g.shell("journalctl -u shop -n 20"))
	}
	mended := g.up("reloaded", "shop")
	if mended.Programs[0].PID == before.Programs[0].PID || mended.KeeperPID != before.KeeperPID {
		t.Errorf("it wasn't reloaded: %+v, %+v", before, mended)
	}

	// While the supervisor is replaced, it waits for the next one.
	g.shell(fmt.Sprintf("kill -9 %d", mended.SupervisorPID))
	if r := reload(); r.ExitCode != 0 {
		t.Errorf("just after the supervisor's death: %v\n%s", r, g.shell("journalctl -u shop -n 20"))
	}

	// Units that an earlier daruma wrote have Type=notify-reload, which sends SIGHUP.
	g.shell("mkdir /etc/systemd/system/shop.service.d && printf '[Service]\\nType=notify-reload\\nExecReload=\\n' > /etc/systemd/system/shop.service.d/old.conf && systemctl daemon-reload && systemctl restart shop")
	mended = g.up("with the old unit", "shop")
	g.Write(file, strings.ReplaceAll(good, "10ms", "30ms"), 0o644)
	if r := reload(); r.ExitCode != 0 {
		t.Errorf("with the old unit: %v", r)
	}
	g.await("reloaded by SIGHUP", "shop", func(v view) bool {
		return v.Running && v.KeeperPID == mended.KeeperPID && v.Programs[0].PID != 0 && v.Programs[0].PID != mended.Programs[0].PID
	})
}
