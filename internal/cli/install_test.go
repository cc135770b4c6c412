package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/service/manager"
)

func parsed(t *testing.T, text string) *definition.Service {
	t.Helper()
	def, err := definition.Parse([]byte(text), "daruma.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func TestTimesOfADefinition(t *testing.T) {
	const programs = `name: shop
programs:
  db:     {command: [x], terminationGracePeriodSeconds: 60}
  api:    {command: [x], terminationGracePeriodSeconds: 20, dependsOn: {db: ready}, startupProbe: {tcpSocket: {port: 1}, initialDelaySeconds: 5, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 30}}
  worker: {command: [x], terminationGracePeriodSeconds: 5, dependsOn: {api: ready, db: started}}
  alone:  {command: [x], terminationGracePeriodSeconds: 70}
`
	got := timesOf(parsed(t, programs))
	if want := (60 + 20 + 5 + 10) * time.Second; got.stop != want { // the chain, and the margin
		t.Errorf("a stop may take %v, want %v", got.stop, want)
	}
	if got.start != hosting.StartTimeout {
		t.Errorf("a start may take %v, want %v", got.start, hosting.StartTimeout)
	}
	got = timesOf(parsed(t, "reportRunning: ready\n"+programs))
	if want := (5 + 30*3 + 30) * time.Second; got.start != want {
		t.Errorf("getting ready may take %v, want %v", got.start, want)
	}
}

func TestSpecOfADefinition(t *testing.T) {
	t.Setenv("DARUMA_HOME", "")
	def := parsed(t, "name: shop\nstartType: delayed\ndependsOn: [db]\nprograms: {a: {command: [x], listen: [{name: web, address: ':443'}]}}\n")
	exe := filepath.Join(t.TempDir(), "daruma")
	spec, err := specOf(def, exe, serviceTimes{start: time.Minute, stop: 20 * time.Second}, []string{"A=b"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(spec.Arguments, " "); got != "host shop "+def.File+" --start-timeout=1m0s --stop-timeout=20s" {
		t.Errorf("arguments %s", got)
	}
	if spec.StartTimeout <= time.Minute+hosting.StartMargin || spec.StopTimeout <= 20*time.Second || spec.PreShutdownTimeout != spec.StopTimeout {
		t.Errorf("the service manager's times aren't beyond the host's: %+v", spec)
	}
	if spec.StartType != manager.Delayed || spec.Account != manager.AccountVirtual || spec.Notify != manager.NotifyReload || spec.DisplayName != "" {
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
	if spec, err = specOf(def, exe, serviceTimes{}, nil, nil); err != nil || spec.Supervision.Privileges != nil {
		t.Errorf("SYSTEM's privileges are cut to %v, %v", spec.Supervision.Privileges, err)
	}
}

// TestQuickDefinition: whatever stands in a command arrives in the program.
func TestQuickDefinition(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{exe, "", " ", "$HOME", "${X}", "$$", `a"b`, `C:\x\`, "é漢", "tab\there", "line\nend", "- x: {y}", "#", "<&>"}
	q := quickService{name: "tea-1", command: words}
	text, err := q.definition(installFlags{displayName: `T "x" $y`, startType: "manual", account: `CORP\joe`, dependsOn: []string{"MSSQL$X", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	def := parsed(t, string(text))
	if got := def.Programs[0].Command; strings.Join(got, "|") != strings.Join(words, "|") {
		t.Errorf("command %q, want %q", got, words)
	}
	if def.Name != "tea-1" || def.DisplayName != `T "x" $y` || def.StartType != "manual" || def.Account != `CORP\joe` ||
		strings.Join(def.DependsOn, "|") != "MSSQL$X|b" || def.Programs[0].WorkingDir != filepath.Dir(exe) {
		t.Errorf("definition %+v of\n%s", def, text)
	}
	if _, err := (&quickService{name: "x", command: []string{"no-such-program-anywhere"}}).definition(installFlags{}); err == nil {
		t.Error("a program that isn't there is taken")
	}
}

func TestInstallArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"install", "a", "b"}, "behind two hyphens: daruma install a -- b"},
		{[]string{"install", "a", "--"}, "daruma install a -- COMMAND"},
		{[]string{"install", "--", "x"}, "the service's name alone"},
		{[]string{"install", "a", "b", "--", "x"}, "the service's name alone"},
		{[]string{"install", "A_b", "--", "x"}, "is no name of a service"},
		{[]string{"install", "nowhere/daruma.yaml"}, "there is no such file"},
		{[]string{"uninstall"}, "accepts 1 arg"},
		{[]string{"uninstall", "a/b"}, "takes the name of a service"},
	} {
		var out, errOut strings.Builder
		if code := Main(c.args, IO{Out: &out, Err: &errOut}); code != ExitUsage || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("%q: exit code %d, %q; want %q", c.args, code, errOut.String(), c.want)
		}
	}
}

func TestPasswords(t *testing.T) {
	for text, want := range map[string]string{"a b \r\nc": "a b ", "x": "x", "\ufeffx\n": "x", " \n": " "} {
		if got, err := firstLine(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "\n", "\r\n"} {
		if got, err := firstLine(strings.NewReader(text)); err == nil {
			t.Errorf("%q gives %q", text, got)
		}
	}
	i := installation{std: IO{In: strings.NewReader("x\n"), Err: &strings.Builder{}}, def: &definition.Service{Account: "joe"}}
	if word, err := i.askPassword(); err == nil {
		t.Errorf("asked where there is no terminal, and got %q", word)
	}
	i.flags.passwordEnv = "DARUMA_TEST_NO_SUCH_VARIABLE"
	if word, err := i.askPassword(); err == nil || !strings.Contains(err.Error(), "isn't set") {
		t.Errorf("from nowhere came %q, %v", word, err)
	}
}
