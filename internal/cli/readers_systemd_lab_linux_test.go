package cli

import (
	"strconv"
	"strings"
	"testing"
)

// TestReadersOnSystemd: a group that the definition of an installed service names sees it without root, with systemd's dynamic user, too, whose
// folders are closed to everybody; through the death of supervisor and keeper, and with another account. Nobody else does, and the group
// gives no order.
func TestReadersOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	text := shopYAML(`control: {readers: [ops]}`)
	g.Write(file, text, 0o644)
	g.says(0, []string{"there is neither an account nor a group ops", "groupadd"}, "install", file, "--dry-run")
	g.says(0, []string{"warning: control.readers: there is neither"}, "check", file)
	g.shell("echo ops:x:4713: >> /etc/group; mkdir -p /home/jo && chown 1234:1234 /home/jo")
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	v := g.up("with readers", "shop")
	g.says(0, nil, "doctor", "shop")

	as := func(groups, line string) (string, int) {
		t.Helper()
		r, err := g.Run(t.Context(), "setpriv", append([]string{"--reuid", "1234", "--regid", "1234", "--groups", groups, "--",
			"env", "HOME=/home/jo", "XDG_STATE_HOME=", "DARUMA_HOME=", g.daruma}, strings.Fields(line)...)...)
		if err != nil {
			t.Fatal(err)
		}
		return string(r.Stdout) + string(r.Stderr), r.ExitCode
	}
	letIn := func(when string) {
		t.Helper()
		g.await(when, "shop", func(view) bool {
			out, code := as("4713", "status shop")
			return code == 0 && strings.Contains(out, "running")
		})
		if out, code := as("4713", "logs shop/daruma -n 1"); code != 0 || !strings.Contains(out, `"msg"`) {
			t.Errorf("%s: the logs: exit code %d:\n%s", when, code, out)
		}
		if out, code := as("4712", "status shop"); code != 1 || !strings.Contains(out, "readers in its definition") {
			t.Errorf("%s: a stranger: exit code %d:\n%s", when, code, out)
		}
	}
	look := func(when string) {
		t.Helper()
		letIn(when)
		for _, c := range []struct {
			line, says string
			code       int
		}{
			{"status", "shop/a", 0},
			{"events shop", "(service)", 0},
			{"incidents", "record begins", 0},
			{"logs shop/daruma -n 3", `"msg"`, 0},
			{"logs shop", "", 0},
			{"doctor shop", "shop: ", 1}, // without the package dbus, systemd talks to root alone
			{"stop shop/a", "no orders", 1},
			{"reload shop", "no orders", 1},
			{"stop shop", "", 1},
			{"__complete logs sh", "shop/a", 0},
		} {
			if out, code := as("4713", c.line); code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("%s: daruma %s of a reader: exit code %d, want %d and %q:\n%s", when, c.line, code, c.code, c.says, out)
			}
		}
		for _, line := range []string{"status shop", "events shop", "incidents shop", "logs shop/daruma", "stop shop/a"} {
			if out, code := as("4712", line); code != 1 || !strings.Contains(out, "readers in its definition") || !strings.Contains(out, "use sudo") {
				t.Errorf("%s: daruma %s of a stranger: exit code %d:\n%s", when, line, code, out)
			}
		}
		if v := g.up(when, "shop"); v.Warnings != nil {
			t.Errorf("%s: the status warns: %v", when, v.Warnings)
		}
	}
	look("installed")
	g.shell("kill -9 " + strconv.Itoa(v.SupervisorPID))
	letIn("after the supervisor's death")
	g.shell("kill -9 " + strconv.Itoa(v.KeeperPID))
	letIn("after the keeper's death")

	// A service that was installed without readers says what it takes to have some.
	g.Write(file, shopYAML(), 0o644)
	g.do(0, "install", file, "--now")
	g.do(0, "restart", "shop")
	g.up("without readers", "shop")
	if out, code := as("4713", "status shop"); code != 1 || !strings.Contains(out, "readers in its definition") {
		t.Errorf("without readers: exit code %d:\n%s", code, out)
	}
	g.Write(file, text, 0o644)
	g.do(0, "reload", "shop")
	g.await("it says so", "shop", func(v view) bool { return strings.Contains(strings.Join(v.Warnings, ""), "daruma install "+file) })
	g.do(0, "install", file)
	g.do(0, "restart", "shop")
	letIn("installed again")
	g.do(0, "install", file, "--account", "daemon")
	g.do(0, "restart", "shop")
	letIn("with an account that stays")
}
