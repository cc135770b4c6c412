package cli

import (
	"fmt"
	"strings"
	"testing"
)

// TestUpgradeOnSystemd: an installed service gets another daruma. Neither systemd nor the programs notice; a file that doesn't know the command
// line of a service is found out before anything happens.
func TestUpgradeOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file, daruma := g.dir+"daruma.yaml", g.dir+"daruma"
	g.Write(file, shopYAML(), 0o644)
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	before := g.up("started", "shop")
	restarts := func() string {
		return g.shell("systemctl show -P MainPID -P NRestarts -P ActiveEnterTimestampMonotonic shop")
	}
	systemd := restarts()
	unchanged := func(when string) {
		t.Helper()
		now := g.up(when, "shop")
		if s := restarts(); s != systemd || now.KeeperPID != before.KeeperPID {
			t.Errorf("%s: systemd has %q, at first %q; keeper %d, %d", when, s, systemd, now.KeeperPID, before.KeeperPID)
		}
		for i, p := range now.Programs {
			if p.PID != before.Programs[i].PID {
				t.Errorf("%s: %s is process %d, was %d", when, p.Name, p.PID, before.Programs[i].PID)
			}
		}
	}
	replace := func(script string) {
		g.shell(fmt.Sprintf("%s && chmod 755 %s.new && mv -f %s.new %s", strings.ReplaceAll(script, "NEW", daruma+".new"), daruma, daruma, daruma))
	}
	keep := daruma + ".kept"
	g.shell("cp " + daruma + " " + keep)
	for i := range 3 {
		replace(fmt.Sprintf("cp %s NEW && echo %d >> NEW", keep, i))
		g.says(0, []string{"the daruma on disk was replaced", "daruma upgrade shop takes it"}, "status", "shop")
		if out := g.shell(daruma + " doctor shop || true"); !strings.Contains(out, "daruma upgrade shop") {
			t.Errorf("doctor doesn't say that the daruma on disk was replaced:\n%s", out)
		}
		g.says(0, []string{"the programs ran on"}, "upgrade", "shop")
		unchanged(fmt.Sprintf("upgrade %d", i+1))
	}
	replace("cp /usr/bin/true NEW")
	if r := g.shell(keep + " upgrade shop 2>&1; echo code $?"); !strings.Contains(r, "code 1") || !strings.Contains(r, "when it was asked") {
		t.Errorf("a file that is no daruma: %s", r)
	}
	replace("cp " + keep + " NEW && echo again >> NEW")
	unchanged("a file that is no daruma was refused")
	g.shell("systemctl stop shop") // what the last image has taken over hears of it
	if left := g.shell(fmt.Sprintf("ls -d /proc/%d /proc/%d 2>/dev/null || true", before.KeeperPID, before.Programs[0].PID)); left != "" {
		t.Errorf("stopped, and there is %s", left)
	}
	if result := g.shell("systemctl show -P Result shop"); result != "success" {
		t.Errorf("systemd says of the stop: %s", result)
	}
}
