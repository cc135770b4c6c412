package manager

import (
	"embed"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// golden is in the test binary, which also runs in machines that don't have the source.
//
//go:embed testdata/*.unit
var golden embed.FS

var update = flag.Bool("update", false, "write the golden files anew")

func shop() Spec {
	return Spec{
		Name: "shop", DisplayName: "Shop backend", Description: "Orders API\nand its 100% worker \\",
		Executable: "/opt/my shop/bin/$hop", Arguments: []string{"service-run", "shop", "--price", "5 $", `a"b\`, "", "%n", "line\nbreak"},
		WorkingDir: "/var/lib/100% shop", Env: []string{"LOG=info", "MOTTO=it's 100% $fine"},
		DependsOn: []string{"postgresql", "network-online.target"}, Recovery: DefaultRecovery(),
		StartTimeout: 90 * time.Second, StopTimeout: 1500 * time.Millisecond, Watchdog: time.Minute,
	}
}

func TestUnitFiles(t *testing.T) {
	crashesOnly := shop()
	crashesOnly.Recovery = Recovery{Delays: []time.Duration{100 * time.Microsecond}}
	crashesOnly.Notify, crashesOnly.StartType = NotifyNone, Disabled
	reload := shop()
	reload.Notify, reload.StartType, reload.Recovery = NotifyReload, Delayed, Recovery{}
	mounts := shop()
	mounts.Mounts, mounts.Documentation = []string{"/srv/my shop", "/opt/100%"}, []string{"https://example.com/shop", "file:///srv/my%20shop/x"}
	mounts.DependsOn = append(mounts.DependsOn, "network.target")
	command := shop()
	command.ReloadArguments = []string{"host-reload", "100% $hop"}
	type file struct {
		name    string
		unit    unitfile.Unit
		remarks []string
		count   int // of remarks
	}
	var cases []file
	add := func(name string, s Spec, version, remarks int) {
		u, r := serviceUnit(s, version)
		cases = append(cases, file{name, u, r, remarks})
	}
	add("systemd-257", shop(), 257, 0)
	add("systemd-239", shop(), 239, 0)
	add("crashes-only-disabled", crashesOnly, 257, 0)
	add("reload-delayed-257", reload, 257, 0)
	add("reload-delayed-252", reload, 252, 1)
	add("mounts-257", mounts, 257, 0)
	add("mounts-255", mounts, 255, 0)
	add("reload-command", command, 257, 0)
	cases = append(cases, file{name: "timer", unit: timerUnit(shop())})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.unit.Text("Comment.")
			if *update {
				if err := os.WriteFile(filepath.Join("testdata", c.name+".unit"), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := golden.ReadFile("testdata/" + c.name + ".unit")
			if err != nil {
				t.Fatal(err)
			}
			if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
				t.Errorf("the unit is\n%s\nwant\n%s", got, want)
			}
			if len(c.remarks) != c.count {
				t.Errorf("remarks %q, want %d", c.remarks, c.count)
			}
			if diff := unitfile.Diff(unitfile.Parse(got), c.unit); len(diff) > 0 {
				t.Errorf("read back, it differs: %v", diff)
			}
		})
	}
}
