package service

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

func verbService() Service {
	return Service{Name: "verbs-test", Description: "A service for tests.", Version: "1.2.3", Run: func(context.Context, *Host) error { return nil }}
}

func TestVerbsUsage(t *testing.T) {
	cases := []struct {
		args    string
		handled bool
		code    int
		stdout  string
		stderr  string
	}{
		{"", false, ExitOK, "", ""},
		{"-port 80", false, ExitOK, "", ""},
		{"help", true, ExitOK, "A service for tests.", ""},
		{"--help", true, ExitOK, "install --start-type delayed", ""},
		{"-h", true, ExitOK, "3 not running", ""},
		{"run --help", true, ExitOK, "Usage: ", ""},
		{"--version", true, ExitOK, "verbs-test 1.2.3", ""},
		{"version", true, ExitOK, "verbs-test 1.2.3", ""},
		{"--version -port 80", false, ExitOK, "", ""},
		{"instal", true, ExitUsage, "", `no verb "instal"`},
		{"install --help", true, ExitOK, "", "-dry-run"},
		{"install --start-type soon", true, ExitUsage, "", "automatic, delayed, manual, disabled"},
		{"install --now --start-type disabled", true, ExitUsage, "", "--now can't start"},
		{"install --nonsense", true, ExitUsage, "", "nonsense"},
		{"uninstall other", true, ExitUsage, "", `"other" is too much`},
		{"start other", true, ExitUsage, "", "verbs-test"},
		{"status -o yaml", true, ExitUsage, "", `not "yaml"`},
		{"stop --timeout soon", true, ExitUsage, "", "timeout"},
	}
	for _, c := range cases {
		var stdout, stderr bytes.Buffer
		code, handled := runVerb(verbService(), strings.Fields(c.args), &stdout, &stderr)
		if handled != c.handled || code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%q: handled %v, code %d, want %v, %d with %q on stdout and %q on stderr; got\n%s%s",
				c.args, handled, code, c.handled, c.code, c.stdout, c.stderr, &stdout, &stderr)
		}
	}
	var stderr bytes.Buffer
	wrong := verbService()
	wrong.Name = "a/b"
	if code, _ := runVerb(wrong, []string{"install"}, &stderr, &stderr); code != ExitUsage || !strings.Contains(stderr.String(), "a/b") {
		t.Errorf("install of a service whose name can't be: %d, %s", code, &stderr)
	}
}

func TestWhatIsInstalled(t *testing.T) {
	s := verbService()
	spec := s.spec()
	if !slices.Equal(spec.Arguments, []string{roleService, "verbs-test"}) || spec.DisplayName != "" || spec.StartType != manager.Automatic {
		t.Errorf("by default %+v", spec)
	}
	if spec.StartTimeout <= defaultStart || spec.StopTimeout <= defaultStop || spec.PreShutdownTimeout <= defaultStop {
		t.Errorf("the service manager gives %v, %v, %v, no longer than the service itself", spec.StartTimeout, spec.StopTimeout, spec.PreShutdownTimeout)
	}
	if want := manager.DefaultRecovery(); !slices.Equal(spec.Recovery.Delays, want.Delays) || spec.Recovery.ResetAfter != want.ResetAfter || !spec.Recovery.OnNonCrash {
		t.Errorf("recovery by default %+v, want %+v", spec.Recovery, want)
	}
	s.OnReload = func(context.Context) error { return nil }
	s.Watchdog, s.DisplayName = time.Minute, "Verbs"
	s.Install = InstallOptions{StartType: StartDelayed, Arguments: []string{"--port", "80"}, DependsOn: []string{"db"}, Env: []string{"A=b"},
		WorkingDir: "/srv", Account: manager.AccountVirtual,
		RestartPolicy: RestartOnCrash, RestartDelays: []time.Duration{time.Hour}, RestartResetAfter: time.Minute}
	spec = s.spec()
	if spec.Notify != manager.NotifyReload || spec.Watchdog != time.Minute || spec.DisplayName != "Verbs" || spec.StartType != manager.Delayed ||
		!slices.Equal(spec.Arguments, []string{roleService, "verbs-test", "--port", "80"}) || !slices.Equal(spec.DependsOn, []string{"db"}) ||
		!slices.Equal(spec.Env, []string{"A=b"}) || spec.Account != manager.AccountVirtual || spec.WorkingDir != managersWorkingDir("/srv") {
		t.Errorf("with everything %+v", spec)
	}
	if r := spec.Recovery; !slices.Equal(r.Delays, []time.Duration{time.Hour}) || r.ResetAfter != time.Minute || r.OnNonCrash {
		t.Errorf("recovery %+v", r)
	}
	if r := (InstallOptions{RestartPolicy: RestartNever}).recovery(); len(r.Delays) != 0 {
		t.Errorf("never restarting is %+v", r)
	}
	for t1, t2 := range map[StartType]manager.StartType{StartAutomatic: manager.Automatic, StartDelayed: manager.Delayed, StartManual: manager.Manual, StartDisabled: manager.Disabled} {
		if manager.StartType(t1) != t2 {
			t.Errorf("%v would be installed as %v", t1, t2)
		}
	}
}
