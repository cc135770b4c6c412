package cli

import (
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

// TestCapabilityOfOneProgram: under the default account a program binds port 80 itself, and the program beside it can't.
func TestCapabilityOfOneProgram(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	program := func(name, address, rest string) string {
		return "  " + name + ":\n    command: [./testprog, tcp, -addr, \"" + address + "\"]\n    workingDir: .\n" + rest
	}
	with := func(capabilities string) string {
		return "    securityContext: {capabilities: {" + capabilities + "}}\n"
	}
	g.Write(file, "name: shop\nprograms:\n"+program("web", "127.0.0.1:80", with("drop: [ALL], add: [NET_BIND_SERVICE]"))+
		program("other", "127.0.0.1:81", "")+program("none", "127.0.0.1:82", with("drop: [ALL]")), 0o644)
	g.says(0, []string{"shop would be installed", "Service.AmbientCapabilities: CAP_NET_BIND_SERVICE", "Service.CapabilityBoundingSet: CAP_NET_BIND_SERVICE"},
		"install", file, "--dry-run")
	g.says(1, []string{"shop runs", "not all of its programs do: other is"}, "install", file, "--now") // two of them are meant to fail
	v := g.await("web listens and the others fail", "shop", func(v view) bool {
		return v.Running && len(v.Programs) == 3 && programOf(v, "web").PID != 0 && programOf(v, "other").Restarts > 0 && programOf(v, "none").Restarts > 0
	})
	const bindService = "0000000000000400"
	for _, set := range []string{"CapPrm", "CapEff", "CapAmb"} {
		if caps := g.field(programOf(v, "web").PID, set); caps != bindService {
			t.Errorf("web's %s is %s, want %s", set, caps, bindService)
		}
	}
	if uid := g.field(programOf(v, "web").PID, "Uid"); uid == "0" {
		t.Error("web runs as root")
	}
	if caps := g.field(v.SupervisorPID, "CapPrm") + g.field(v.SupervisorPID, "CapAmb"); strings.Trim(caps, "0") != "" {
		t.Errorf("the supervisor has capabilities: %s", caps)
	}
	if caps := g.field(v.KeeperPID, "CapAmb"); strings.Trim(caps, "0") != "" {
		t.Errorf("the keeper passes on to every program: %s", caps)
	}
	g.shell("bash -c 'exec 3<>/dev/tcp/127.0.0.1/80'")
	for _, name := range []string{"other", "none"} {
		if text := g.do(0, "logs", "shop/"+name); !strings.Contains(text, "permission denied") {
			t.Errorf("%s didn't fail to bind:\n%s", name, text)
		}
	}
	g.do(0, "restart", "shop/web") // by the grant of the keeper and by the supervisor alike

	// What the running keeper hasn't got.
	g.Write(file, "name: shop\nprograms:\n"+program("web", "127.0.0.1:80", with("add: [NET_RAW]")), 0o644)
	g.says(2, []string{"programs.web.securityContext.capabilities.add", "NET_RAW", "daruma install FILE"}, "reload", "shop")
	g.Write(file, "name: shop\nprograms:\n"+program("web", "127.0.0.1:80", with("add: [SYS_ADMIN]")), 0o644)
	g.says(1, []string{"programs.web.securityContext.capabilities.add", "SYS_ADMIN", "become root", "account: LocalSystem"}, "install", file)
}

func programOf(v view, name string) control.ProgramStatus {
	for _, p := range v.Programs {
		if p.Name == name {
			return p
		}
	}
	return control.ProgramStatus{}
}
