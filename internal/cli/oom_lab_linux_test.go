package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// TestOutOfMemoryIsNamed: the kernel ends a program that reaches the service's MemoryMax, by SIGKILL like everybody else. The incident says
// what it was; keeper and supervisor are the last to be taken.
func TestOutOfMemoryIsNamed(t *testing.T) {
	g := newGuest(t, lab.Kernel, "linux", "/opt/daruma/", "")
	file := g.dir + "daruma.yaml"
	g.Write(file, `name: shop
programs:
  eater:
    command: [sh, -c, "until test -e /run/eat; do sleep 0.1; done; exec ./testprog eat -bytes 400000000 -hold"]
  good:
    command: [./testprog, hang]
`, 0o644)
	g.shell("mkdir -p /etc/systemd/system/shop.service.d")
	g.Write("/etc/systemd/system/shop.service.d/memory.conf", "[Service]\nMemoryMax=100M\nMemorySwapMax=0\n", 0o644)
	g.do(0, "install", file, "--now", "--account", "LocalSystem")
	v := g.up("installed", "shop")
	for pid, want := range map[int]string{v.KeeperPID: "-500", v.SupervisorPID: "-500", v.Programs[0].PID: "0", v.Programs[1].PID: "0"} {
		if got := g.shell(fmt.Sprintf("cat /proc/%d/oom_score_adj", pid)); got != want {
			t.Errorf("process %d has oom_score_adj %s, want %s", pid, got, want)
		}
	}
	g.shell("touch /run/eat")
	g.await("the eater fell", "shop", func(v view) bool { return v.Programs[0].Restarts > 0 })
	g.shell("rm /run/eat")
	if text := g.do(0, "incidents", "shop", "-o", "json"); !strings.Contains(text, `"kind":"outOfMemory"`) && !strings.Contains(text, `"kind": "outOfMemory"`) {
		t.Errorf("the record says:\n%s", text)
	}
	g.says(0, []string{"OOM killer (SIGKILL): memory ran out"}, "incidents", "shop")
	after := g.up("the eater stands again", "shop")
	if after.KeeperPID != v.KeeperPID || after.SupervisorPID != v.SupervisorPID || after.Programs[1].PID != v.Programs[1].PID {
		t.Errorf("others were taken too: before %+v, after %+v", v, after)
	}
	before := after.Programs[0].PID
	g.shell(fmt.Sprintf("kill -9 %d", before))
	g.await("the eater was killed", "shop", func(v view) bool { return v.Running && v.Programs[0].PID != before && v.Programs[0].PID != 0 })
	if text := g.do(0, "incidents", "shop"); !strings.Contains(text, "ended by SIGKILL") {
		t.Errorf("a kill by hand isn't told as one:\n%s", text)
	}
}
