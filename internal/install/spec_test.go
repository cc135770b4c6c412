package install

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/service/manager"
)

func TestSpecOfADefinition(t *testing.T) {
	t.Setenv("DARUMA_HOME", "")
	def := parsed(t, "name: shop\nstartType: delayed\ndependsOn: [db]\nprograms: {a: {command: [x], listen: [{name: web, address: ':443'}]}}\n")
	exe := filepath.Join(t.TempDir(), "daruma")
	spec, err := specOf(def, exe, Times{Start: time.Minute, Stop: 20 * time.Second}, []string{"A=b"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(spec.Arguments, " "); got != "host shop "+def.File+" --start-timeout=1m0s --stop-timeout=20s" {
		t.Errorf("arguments %s", got)
	}
	if spec.StartTimeout <= time.Minute+hosting.StartMargin || spec.StopTimeout <= 20*time.Second || spec.PreShutdownTimeout != spec.StopTimeout {
		t.Errorf("the service manager's times aren't beyond the host's: %+v", spec)
	}
	if spec.StartType != manager.Delayed || spec.Account != manager.AccountVirtual || spec.Notify != manager.NotifyReady || len(spec.ReloadArguments) != 2 || spec.DisplayName != "" {
		t.Errorf("spec %+v", spec)
	}
	s := spec.Supervision
	if strings.Join(s.Capabilities, "") != "CAP_NET_BIND_SERVICE" || !s.OwnSID || !s.Delegate || s.Folders != "daruma/shop" || len(s.Privileges) == 0 {
		t.Errorf("supervision %+v", s)
	}
	for _, dangerous := range []string{"SeImpersonatePrivilege", "SeDebugPrivilege", "SeTcbPrivilege", "SeAssignPrimaryTokenPrivilege"} {
		if strings.Contains(strings.Join(s.Privileges, " "), dangerous) {
			t.Errorf("%s is kept", dangerous)
		}
	}
	def.Account = manager.AccountSystem
	if spec, err = specOf(def, exe, Times{}, nil, nil); err != nil || spec.Supervision.Privileges != nil {
		t.Errorf("SYSTEM's privileges are cut to %v, %v", spec.Supervision.Privileges, err)
	}
}
