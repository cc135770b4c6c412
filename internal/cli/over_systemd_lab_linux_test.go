package cli

import (
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/ensure"
)

// TestNothingLeftToRunOnSystemd: a service all of whose programs have ended, not all of them as they should, ends with a failure that systemd
// shows and doesn't answer with a restart; nobody else starts it again unasked, and everybody who is asked says why.
func TestNothingLeftToRunOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, "name: shop\nprograms:\n  a: {command: [/bin/sh, -c, 'echo x >>runs; exit 7'], restartPolicy: Never}\n", 0o644)
	const why = "nothing is left to run: a is failed: exit code 7, and restartPolicy is Never"
	g.says(1, []string{"ended by itself: " + why}, "install", file, "--now")
	down := func(begin string) {
		t.Helper()
		g.await("failed", "shop", func(v view) bool {
			return v.Ended != nil && v.Ended.Why == why && v.System.Systemd.ActiveState == "failed"
		})
		g.says(3, []string{"shop", "failed (failed)", "ended by itself at 20", why, "(all programs have ended for good"}, "status", "shop")
		g.ensures(0, ensure.Leave, "ended by itself at ")
		g.shell("rm /var/lib/daruma/shop/wanted")
		g.ensures(0, ensure.Leave, "ended by itself: all programs have ended for good")
		if got := g.shell("systemctl show -P NRestarts -P ExecMainStatus -P ActiveState shop"); strings.Join(strings.Fields(got), " ") != begin {
			t.Errorf("systemd says %q, want %q", got, begin)
		}
	}
	down("0 97 failed")
	g.says(1, []string{"ended by itself: " + why}, "start", "shop")
	down("0 97 failed")
	g.Write(file, "name: shop\nprograms:\n  a: {command: [/bin/sh, -c, 'sleep 1; exit 0'], restartPolicy: Never}\n", 0o644)
	g.says(0, []string{"shop: started"}, "start", "shop")
	g.await("done", "shop", func(v view) bool {
		return v.Ended != nil && v.Ended.Why == "its programs have done their work" && v.System.Systemd.ActiveState == "inactive"
	})
	g.says(3, []string{"ended by itself at 20", "its programs have done their work"}, "status", "shop")
	if out := g.shell("journalctl -u shop --no-pager"); !strings.Contains(out, "Service shop ended by itself: "+why) {
		t.Errorf("the journal doesn't say so:\n%s", out)
	}
}
