package cli

import (
	"strconv"
	"strings"
	"testing"
)

// TestOneJudgement: check, install, doctor, reload and restart refuse what the start refuses, and what a program couldn't have.
func TestOneJudgement(t *testing.T) {
	g := newSystemd(t)
	// Less than the machine's own, which on a container is the host's.
	g.shell(`mkdir -p /etc/systemd/system.conf.d && printf '[Manager]\nDefaultLimitNOFILE=1024:4096\n' > /etc/systemd/system.conf.d/limits.conf && systemctl daemon-reload`)
	file := g.dir + "daruma.yaml"
	limited := func(limit string) string { return shopYAML() + "    resources: {" + limit + "}\n" }
	unenforced := limited("limits: {memory: 1Gi}")
	g.Write(file, unenforced, 0o644)
	g.says(2, []string{"daruma.yaml:8:", "programs.b.resources.limits.memory"}, "check", file)
	g.says(2, []string{"programs.b.resources.limits.memory"}, "install", file)

	// What is beyond systemd's hard limit for services, the unit allows.
	g.Write(file, limited("rlimits: {nofile: 6000}"), 0o644)
	g.says(0, []string{"shop runs"}, "install", file, "--now")
	v := g.up("with a raised limit", "shop")
	if text := g.shell("grep 'Max open files' /proc/" + strconv.Itoa(v.Programs[1].PID) + "/limits"); strings.Count(text, "6000") != 2 {
		t.Errorf("the program's limits: %s", text)
	}
	g.says(0, nil, "doctor", "shop")

	// What the installed unit doesn't allow yet.
	g.Write(file, limited("rlimits: {nofile: 7000}"), 0o644)
	beyond := []string{"programs.b.resources.rlimits.nofile", "7000", "6000", "LimitNOFILE=7000"}
	g.says(2, beyond, "check", file)
	g.says(2, beyond, "reload", "shop")
	g.says(2, append(beyond, "nothing was stopped"), "restart", "shop")
	g.says(1, beyond, "doctor", "shop")
	g.shell("systemctl restart shop") // nobody is there: the other program runs, and this one says why it doesn't
	g.await("restarted with a limit that one program can't have", "shop", func(v view) bool {
		return v.Running && len(v.Programs) == 2 && v.Programs[0].PID != 0 && v.Programs[1].PID == 0 && strings.Contains(v.Programs[1].Reason, "LimitNOFILE=7000")
	})
	g.says(0, []string{"6000 → ", ":7000", "shop runs"}, "install", file, "--now")
	g.up("with a limit that was raised again", "shop")

	// Variables that systemd sets and no terminal has.
	g.Write(file, strings.ReplaceAll(limited("rlimits: {nofile: 7000}"), "10ms]", "10ms]\n    env: {HERE: \"${STATE_DIRECTORY}\"}"), 0o644)
	g.says(0, []string{"service shop, 2 programs"}, "check", file)
	g.says(0, nil, "install", file)
	g.says(0, nil, "reload", "shop")
	g.says(0, nil, "doctor", "shop")

	g.Write(file, unenforced, 0o644)
	g.says(1, []string{"resources.limits.memory"}, "doctor", "shop")
	g.Write(file, shopYAML("dependsOn: [postgresq1]"), 0o644)
	for _, verb := range []string{"check", "install"} {
		g.says(0, []string{"there is no service postgresq1"}, verb, file)
	}
	g.says(0, []string{"there is no service postgresq1"}, "doctor", "shop")
}
