package cli

import (
	"strings"
	"testing"
)

// TestOrdinaryUserOnSystemd: who has no rights is told whose a service is and what is needed, and never that there is none; and a service
// that isn't daruma's gets no orders.
func TestOrdinaryUserOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML(), 0o644)
	g.do(0, "install", file, "--now")
	g.up("installed", "shop")
	g.shell("mkdir -p /home/jo && chown 1234:1234 /home/jo")
	jo := []string{"--reuid", "1234", "--regid", "1234", "--clear-groups", "--", "env", "HOME=/home/jo", "XDG_STATE_HOME=", "DARUMA_HOME=", g.daruma}
	for _, c := range []struct {
		line string
		code int
		says string
	}{
		{"status", 1, "the system has shop, open to root, their own accounts and the readers in their definitions: use sudo"},
		{"status -o json", 1, "[]"},
		{"status shop", 1, "service shop is the system's, open to root, its own account and the readers in its definition: use sudo"},
		{"status shop/a", 1, "use sudo"},
		{"incidents", 1, "the system has shop"},
		{"incidents shop", 1, "use sudo"},
		{"events", 1, "the system has shop"},
		{"events shop", 1, "use sudo"},
		{"logs shop", 1, "use sudo"},
		{"logs shop/a -f", 1, "use sudo"},
		{"start shop", 1, "use sudo"},
		{"stop shop/a", 1, "use sudo"},
		{"reload", 1, "the system has shop"},
		{"reload shop", 1, "use sudo"},
		{"doctor shop", 1, "shop: "}, // without the package dbus, systemd talks to root alone
		{"doctor", 1, "shop: "},
		{"status nothing", 3, "daruma run FILE"},
	} {
		r, err := g.Run(t.Context(), "setpriv", append(append([]string{}, jo...), strings.Fields(c.line)...)...)
		if err != nil {
			t.Fatal(err)
		}
		said := string(r.Stdout) + string(r.Stderr)
		if r.ExitCode != c.code || !strings.Contains(said, c.says) || strings.Contains(said, "no service is known here. Start") {
			t.Errorf("daruma %s: exit code %d, want %d and %q:\n%s", c.line, r.ExitCode, c.code, c.says, said)
		}
	}
	pid := g.shell("systemctl show -P MainPID systemd-journald")
	for _, verb := range []string{"start", "stop", "restart"} {
		g.says(1, []string{"systemd-journald is a service of the system that daruma doesn't look after", "known here: shop", "use systemctl"}, verb, "systemd-journald")
	}
	g.says(1, []string{"use systemctl"}, "status", "systemd-journald")
	if after := g.shell("systemctl show -P MainPID systemd-journald"); after != pid {
		t.Errorf("a service that isn't daruma's was restarted: it was %s and is %s", pid, after)
	}
}
