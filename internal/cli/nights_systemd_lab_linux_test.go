package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/ensure"
)

// TestWhatHappensToAMachine: what administrators and packages do to a running system, each of which must leave the service as it was.
func TestWhatHappensToAMachine(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, strings.Replace(shopYAML(), "    dependsOn", "    workingDir: /srv/data\n    dependsOn", 1), 0o644)
	g.shell("mkdir -p /srv/data && sed -i 's,./testprog,/opt/daruma/testprog,' " + file)
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	before := g.up("started", "shop")
	unchanged := func(what string) {
		t.Helper()
		now := g.up(what, "shop")
		if now.KeeperPID != before.KeeperPID || now.SupervisorPID != before.SupervisorPID || now.Programs[0].PID != before.Programs[0].PID {
			t.Errorf("%s: something was replaced: %+v, then %+v", what, before, now)
		}
		before = now
	}

	g.shell("systemctl daemon-reexec")
	unchanged("after a daemon-reexec")
	g.shell(fmt.Sprintf("kill -9 %d", before.KeeperPID))
	before = g.await("the keeper was killed after a daemon-reexec", "shop", func(v view) bool {
		return v.Running && v.KeeperPID != before.KeeperPID && v.Programs[0].PID != 0
	})
	before = g.up("started again", "shop")
	if r, err := g.Run(t.Context(), "systemctl", "reload", "shop"); err != nil || r.ExitCode != 0 {
		t.Errorf("reload after a daemon-reexec: %v %v", err, r)
	}

	g.shell("systemctl restart dbus") // an upgrade of it does that
	unchanged("after a restart of dbus")
	g.says(0, []string{"failed"}, "doctor", "shop")

	g.shell("rm -rf /tmp/* /var/tmp/*")
	unchanged("after /tmp was cleaned")
	g.says(0, []string{"a: running"}, "restart", "shop/a")

	// Nobody reads the journal's sockets: no start and no stop waits for that.
	g.shell("systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service")
	begin := time.Now()
	g.says(0, []string{"a: running"}, "restart", "shop/a")
	g.says(0, []string{"shop: restarted"}, "restart", "shop")
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("without a journal two restarts took %v", took)
	}
	g.shell("systemctl start systemd-journald.service")
	g.up("without a journal", "shop")

	g.shell(`printf '[Unit]\nAllowIsolate=yes\nRequires=basic.target\nAfter=basic.target\n' > /etc/systemd/system/quiet.target && systemctl daemon-reload && systemctl isolate quiet.target`)
	g.await("isolated from it", "shop", func(v view) bool { return !v.Running })
	g.ensures(0, ensure.Leave, "stopped on purpose")
	g.shell("systemctl isolate multi-user.target")
	g.up("isolated to its target", "shop")

	// A file system that can't be mounted keeps nothing from starting.
	g.shell(`printf '[Mount]\nWhat=none\nWhere=/srv/data\nType=nosuchfs\n' > /etc/systemd/system/srv-data.mount && systemctl daemon-reload && systemctl restart shop`)
	g.up("beside a mount that fails", "shop")
	if state := g.shell("systemctl show -P ActiveState srv-data.mount"); state != "failed" {
		t.Errorf("the mount is %s: the unit doesn't want it", state)
	}
}
