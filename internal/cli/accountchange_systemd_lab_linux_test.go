package cli

import (
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// TestAccountChangeOnSystemd: root follows nothing that the service's account has put into the service's folders, neither by daruma run nor
// when the service is installed again for root; and every change of the account hands the folders over.
func TestAccountChangeOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML(), 0o644)
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	g.up("as a dynamic user", "shop")
	g.do(0, "stop", "shop")

	// The account's attack, in folders that are its own: links for the names that daruma writes.
	const state = "/var/lib/private/daruma/shop"
	g.shell("echo precious > /etc/precious; chmod 600 /etc/precious; cd " + state + ` && uid=$(stat -c %u .) &&
		for name in incidents.jsonl alive ensured.json wanted.json stopped.json; do ln -sf /etc/precious $name; done &&
		ln -sf /etc evil && chown -h $uid *`)
	g.says(1, []string{"is refused", "would follow", "DARUMA_HOME"}, "run", file)
	precious := func(when string) {
		t.Helper()
		if text := g.shell("cat /etc/precious; stat -c %U:%a /etc/precious"); text != "precious\nroot:600" {
			t.Errorf("%s: root followed a link: %q", when, text)
		}
	}
	precious("run")

	owner := func(path string) string { return g.shell("stat -L -c %U " + path) }
	g.do(0, "install", file, "--account", "LocalSystem", "--now")
	g.up("as root", "shop")
	precious("installed for root")
	for _, path := range []string{"/var/lib/daruma/shop", "/var/log/daruma/shop", "/run/daruma/shop"} {
		if user := owner(path); user != "root" {
			t.Errorf("%s belongs to %s", path, user)
		}
	}
	if links := g.shell("find /var/lib/daruma/shop -type l"); links == "" {
		t.Error("there are no links left: the test shows nothing")
	}
	g.do(0, "stop", "shop")
	if answer, err := g.RunCommand(t.Context(), lab.Command{Path: "timeout", Args: []string{"--preserve-status", "-s", "INT", "5", g.daruma, "run", file}}); err != nil || answer.ExitCode != 0 {
		t.Errorf("run, with folders that are root's: %v %v", err, answer)
	}

	g.shell("echo joe:x:4321:4321::/:/bin/false >> /etc/passwd; echo joe:x:4321: >> /etc/group")
	g.do(0, "install", file, "--account", "joe", "--now")
	g.up("as joe", "shop")
	if user := owner("/var/lib/daruma/shop"); user != "joe" {
		t.Errorf("the state belongs to %s", user)
	}
	g.do(0, "install", file, "--account", "LocalSystem", "--now")
	g.up("as root again", "shop")
	g.do(0, "install", file, "--account", "virtual", "--now")
	v := g.up("as a dynamic user again", "shop")
	if uid := g.field(v.KeeperPID, "Uid"); uid == "0" || g.shell("stat -L -c %u /var/lib/daruma/shop") != uid {
		t.Errorf("the keeper is user %s, and the state belongs to %s", uid, owner("/var/lib/daruma/shop"))
	}
	precious("at the end")
}
