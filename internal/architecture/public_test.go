package architecture

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// public is what people link into programs of their own: the library, its drop-in, and what they are made of.
var public = []string{"service", "service/closer", "service/kardianos", "service/log", "service/manager", "service/notify", "service/servicetest", "service/winevent"}

// granted are the modules whose packages may be linked into it, with what those need themselves.
var granted = []string{module, "golang.org/x/sys", "github.com/coreos/go-systemd/v22", "github.com/godbus/dbus/v5"}

// strangers are the packages beyond the standard library that pkg is linked with on goos and that aren't granted.
func strangers(t *testing.T, goos, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+pkg)
	cmd.Dir = moduleRoot(t)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("GOOS=%s go list -deps ./%s: %v", goos, pkg, err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(path string) bool { return in(granted, path) })
}

// TestPublicPackageStaysSmall: who imports daruma for a service takes no library along that it doesn't need.
func TestPublicPackageStaysSmall(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		for _, pkg := range public {
			if list := strangers(t, goos, pkg); len(list) > 0 {
				t.Errorf("GOOS=%s: %s is linked with %s: it may import the standard library, golang.org/x/sys and go-systemd alone",
					goos, pkg, strings.Join(list, ", "))
			}
		}
		if slices.ContainsFunc(deps(t, goos, "examples/service-hello"), func(path string) bool { return path == "net/http" }) {
			t.Errorf("GOOS=%s: the least service is linked with net/http, which it has no use for", goos)
		}
		if list := strangers(t, goos, "cmd/daruma"); !slices.Contains(list, "github.com/spf13/cobra") {
			t.Errorf("GOOS=%s: cobra isn't found in cmd/daruma: this test looks at the wrong thing", goos)
		}
	}
}
