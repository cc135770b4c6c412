package cli

import (
	"testing"
)

// TestOrdersSurviveOnSystemd: a restart and a stop go on whatever becomes of who gave them; a program can restart its own service.
func TestOrdersSurviveOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(g.dir+"self.sh", "echo x >>/var/lib/starts\n[ $(wc -l </var/lib/starts) -gt 1 ] || { sleep 2; "+g.dir+"daruma restart shop; }\nexec sleep 1000\n", 0o755)
	g.Write(file, "name: shop\naccount: LocalSystem\nprograms:\n"+
		"  slow: {command: [./testprog, grace, -after, 1s]}\n  self: {command: [/bin/sh, "+g.dir+"self.sh], dependsOn: {slow: started}}\n", 0o644)
	g.says(0, nil, "install", file)
	g.says(0, []string{"shop: started"}, "start", "shop")
	g.await("the program restarted its service", "shop", func(v view) bool {
		return v.Running && g.shell("wc -l </var/lib/starts") == "2" && v.Programs[1].PID != 0
	})
	before := g.up("restarted by its program", "shop")
	g.says(1, []string{"restarting shop isn't over after 200ms and goes on"}, "restart", "shop", "--timeout", "200ms")
	g.await("restarted", "shop", func(v view) bool { return v.Running && v.KeeperPID != before.KeeperPID && v.Programs[1].PID != 0 })
	g.says(0, []string{"slow: running, pid ", "the old run was stopped by SIGTERM", "self: running", "shop: restarted"}, "restart", "shop")
	g.says(0, []string{"the old run was ended by force", "shop: restarted"}, "restart", "shop", "--grace", "100ms")
	g.says(1, []string{"stopping shop isn't over after 200ms and goes on"}, "stop", "shop", "--timeout", "200ms")
	g.await("stopped", "shop", func(v view) bool { return !v.Running && g.shell("systemctl show -P ActiveState shop") == "inactive" })
	if code := g.shell("systemctl show -P ExecMainStatus shop"); code != "0" {
		t.Errorf("exit code %s after a stop", code)
	}
}
