package cli

import (
	"strconv"
	"strings"
	"testing"
)

// TestSecretsOnSystemd: a definition and an envFile that only root may read are read by the service's group alone, also after a reload; nobody
// else gets in, and uninstalling closes them again.
func TestSecretsOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file, env, later := g.dir+"daruma.yaml", g.dir+"secret.env", g.dir+"later.env"
	text := strings.Replace(shopYAML(), "  b:", "    envFiles: [secret.env]\n  b:", 1)
	g.Write(file, text, 0o600)
	g.Write(env, "TOKEN=hunter22\n", 0o600)
	g.says(0, []string{"group daruma_shop", "created", "access to " + env, "SupplementaryGroups", "daruma_shop"}, "install", file, "--dry-run")
	if mode := g.shell("stat -c %a:%G " + env); mode != "600:root" {
		t.Errorf("a dry run gave it to %s", mode)
	}
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	v := g.up("with a secret", "shop")
	if got := g.shell("tr '\\0' '\\n' < /proc/" + strconv.Itoa(v.Programs[0].PID) + "/environ | grep -c TOKEN=hunter22 || true"); got != "1" {
		t.Errorf("the program has no TOKEN: %s", got)
	}
	for _, path := range []string{file, env} {
		if mode := g.shell("stat -c %a:%U:%G " + path); mode != "640:root:daruma_shop" {
			t.Errorf("%s is %s", path, mode)
		}
		if r, err := g.Run(t.Context(), "setpriv", "--reuid=33", "--regid=33", "--clear-groups", "cat", path); err != nil || r.ExitCode == 0 {
			t.Errorf("another user reads %s: %v %v", path, err, r)
		}
	}
	g.says(0, []string{"nothing changed"}, "install", file)
	g.says(0, nil, "doctor", "shop")
	g.shell("sed -i 's/10ms/20ms/' " + file)
	g.do(0, "reload", "shop")

	// One more file: what install says is obeyed.
	g.Write(later, "MORE=1\n", 0o600)
	g.shell("sed -i 's/secret.env/secret.env, later.env/' " + file)
	g.says(0, []string{"access to " + later}, "install", file, "--now")
	g.up("with two secrets", "shop")
	g.Reboot()
	g.up("after a boot", "shop")

	g.do(0, "uninstall", "shop", "--purge-data")
	for _, path := range []string{file, env, later} {
		if mode := g.shell("stat -c %a:%U:%G " + path); mode != "600:root:root" {
			t.Errorf("uninstalled, and %s is %s", path, mode)
		}
	}

	// A file of another group stays that group's; the advice does.
	g.shell("chgrp adm " + env + "; chmod 640 " + env)
	if answer := g.do(1, "install", file); !strings.Contains(answer, "setfacl -m g:daruma_shop:r "+env) || strings.Contains(answer, "o+r") {
		t.Errorf("it says %s", answer)
	}
}
