package cli

import (
	"fmt"
	"testing"
)

// deadly are the signals on which Go's runtime prints the stacks and ends the process with exit code 2, as after a panic,
// and the one that leaves no time for anything.
var deadly = []string{"ABRT", "QUIT", "SEGV", "KILL"}

// TestEveryDeathOfTheKeeper: whatever ends the keeper of an installed service, systemd starts it again, and the programs run.
func TestEveryDeathOfTheKeeper(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML(), 0o644)
	g.do(0, "install", file, "--now")
	up := g.up("installed", "shop")
	again := func(how string) {
		before := up
		up = g.await(how, "shop", func(v view) bool { return v.Running && v.KeeperPID != before.KeeperPID })
		up = g.up(how, "shop")
		if left := g.shell(fmt.Sprintf("ls -d /proc/%d 2>/dev/null || true", before.Programs[0].PID)); left != "" && up.Programs[0].PID != before.Programs[0].PID {
			t.Errorf("%s: a program of the old keeper still runs: %s", how, left)
		}
		// However often it fell, the next start comes as soon: systemd doesn't forget a count by itself.
		if next := g.shell("systemctl show -P RestartUSecNext shop"); next != "1s" {
			t.Errorf("%s: after the next death systemd would wait %s", how, next)
		}
	}
	for _, signal := range deadly {
		g.shell(fmt.Sprintf("kill -%s %d", signal, up.KeeperPID))
		again("the keeper got SIG" + signal)
	}

	// A keeper to which the kernel gives no more memory: Go's runtime ends it as soon as it needs some, here for new runs.
	g.shell(fmt.Sprintf("p=/proc/%d; setpriv --reuid $(awk '/^Uid:/ {print $2}' $p/status) --regid $(awk '/^Gid:/ {print $2}' $p/status) --clear-groups prlimit --pid %[1]d --as=1", up.KeeperPID))
	g.shell(fmt.Sprintf("while test -d /proc/%d; do systemctl reload shop || true; kill -KILL %d 2>/dev/null || true; sleep 0.1; done", up.KeeperPID, up.Programs[0].PID))
	again("the keeper got no memory")

	// A keeper that hangs: systemd's watchdog ends it with SIGABRT.
	g.Write("/etc/systemd/system/shop.service.d/watchdog.conf", "[Service]\nWatchdogSec=2s\n", 0o644)
	g.shell("systemctl daemon-reload && systemctl restart shop")
	up = g.up("with a short watchdog", "shop")
	g.shell(fmt.Sprintf("kill -STOP %d", up.KeeperPID))
	again("the keeper hung and systemd's watchdog ended it")
	if result := g.shell("journalctl -u shop | grep -c 'Watchdog timeout' || true"); result == "0" {
		t.Error("systemd's watchdog never fired: the test shows nothing")
	}
}
