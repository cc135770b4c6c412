package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/hosting"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// fakeManager answers what a test put in.
type fakeManager struct {
	status       manager.Status
	statusErr    error
	registration manager.Registration
	plan         manager.Changes
	planErr      error
	hasTask      bool
	task         manager.Changes
	taskErr      error
	missing      []string
}

func (f *fakeManager) MissingDependencies(context.Context, []string) ([]string, error) {
	return f.missing, nil
}

func (f *fakeManager) Status(context.Context, string) (manager.Status, error) {
	return f.status, f.statusErr
}

func (f *fakeManager) Registration(context.Context, string) (manager.Registration, error) {
	return f.registration, f.statusErr
}

func (f *fakeManager) Plan(context.Context, manager.Spec) (manager.Changes, error) {
	return f.plan, f.planErr
}

func (f *fakeManager) HasTask(context.Context, string) (bool, error) { return f.hasTask, f.taskErr }

func (f *fakeManager) PlanTask(context.Context, manager.Fallback) (manager.Changes, error) {
	return f.task, f.taskErr
}

// installation is a healthy service called shop, with real files in a folder of the test's own.
type installation struct {
	fakeManager
	record                 record.Record
	place                  folders.Folders
	executable, definition string
}

func healthy(t *testing.T) *installation {
	t.Helper()
	return healthyIn(t, t.TempDir())
}

func healthyIn(t *testing.T, dir string) *installation {
	t.Helper()
	t.Setenv("DARUMA_HOME", filepath.Join(dir, "home"))
	place, err := folders.Of("shop")
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{place: place, executable: filepath.Join(dir, "daruma.exe"), definition: filepath.Join(dir, "daruma.yaml")}
	for _, folder := range []string{place.Config, place.State, place.Logs, place.Run} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, i.executable, "", 0o755)
	write(t, i.definition, "name: shop\nprograms: {api: {command: [x]}}\n", 0o644)
	i.record = record.Record{Spec: manager.Spec{Name: "shop", StartType: manager.Automatic}, Definition: i.definition,
		Fallback: &manager.Fallback{Name: "shop", Every: 5 * time.Minute}}
	i.status = manager.Status{Name: "shop", State: manager.Running, StartType: manager.Automatic}
	words := append([]string{i.executable}, hosting.CommandLine("shop", i.definition, time.Minute, time.Minute)...)
	i.registration = manager.Registration{CommandLine: strings.Join(words, " "), Words: words, Recovers: true, OnNonCrash: true}
	return i
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// examine gives what one check finds, with the record written first.
func (i *installation) examine(t *testing.T, check string) []Finding {
	t.Helper()
	if err := record.Save(i.place.Config, i.record); err != nil {
		t.Fatal(err)
	}
	return i.examineAsIs(t, check)
}

func (i *installation) examineAsIs(t *testing.T, check string) []Finding {
	t.Helper()
	all, err := Run(t.Context(), &i.fakeManager, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f Finding) bool { return f.Check != check })
}

// finds wants exactly these findings, each as "level text", of which the text is a part.
func finds(t *testing.T, what string, got []Finding, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: found %+v, want %q", what, got, want)
		return
	}
	for n, f := range got {
		level, text, _ := strings.Cut(want[n], " ")
		if string(f.Level) != level || !strings.Contains(f.Text, text) {
			t.Errorf("%s: found %+v, want %s", what, f, want[n])
		}
	}
}

// TestHealthy: a service with nothing wrong has no finding that asks for anything.
func TestHealthy(t *testing.T) {
	i := healthy(t)
	if err := record.Save(i.place.Config, i.record); err != nil {
		t.Fatal(err)
	}
	all, err := Run(t.Context(), &i.fakeManager, "shop")
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, f := range all {
		checked[f.Check] = true
		if f.Check != "access" && (f.Remedy != "" || f.Level == Fail) { // a folder for temporary files is no place for a service's
			t.Errorf("%+v", f)
		}
	}
	for _, name := range []string{"service", "command", "definition", "access", "registration", "recovery", "fallback"} {
		if !checked[name] {
			t.Errorf("the check %s found nothing at all", name)
		}
	}
	if Failed([]Finding{{Level: OK}, {Level: Warn}, {Level: Skip}}) || !Failed([]Finding{{Level: OK}, {Level: Fail}}) {
		t.Error("Failed is wrong")
	}
}

// TestNotInstalled: what is about an installed service is left out.
func TestNotInstalled(t *testing.T) {
	i := healthy(t)
	i.statusErr = manager.ErrNotInstalled
	all, err := Run(t.Context(), &i.fakeManager, "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.Check != "service" && f.Check != "fast startup" {
			t.Errorf("%+v", f)
		}
	}
	finds(t, "service", i.examineAsIs(t, "service"), "fail there is no service of this name")
	i.statusErr = errors.New("no answer")
	finds(t, "service", i.examineAsIs(t, "service"), "fail no answer")
	if _, err := Run(t.Context(), &i.fakeManager, "a/b"); err == nil {
		t.Error("any name is taken")
	}
}

// A service that isn't installed may run all the same.
func TestRunsWithoutInstallation(t *testing.T) {
	for name, c := range map[string]struct {
		why  error
		runs bool
		want string
	}{
		"nowhere":                {manager.ErrNotInstalled, false, "fail there is no service of this name"},
		"in a terminal":          {manager.ErrNotInstalled, true, "warn it runs by daruma run: nothing starts it at boot"},
		"in a container":         {manager.ErrUnsupported, true, "skip it runs by daruma run: whoever started that has to see that it comes back"},
		"nowhere in a container": {manager.ErrUnsupported, false, "fail it doesn't run, and can't be installed"},
	} {
		var s subject
		s.reportNotInstalled(c.why, c.runs)
		finds(t, name, s.findings, c.want)
	}
}

func TestService(t *testing.T) {
	for name, c := range map[string]struct {
		state            manager.State
		start, installed manager.StartType
		want             string
		remedy           string
	}{
		"runs":                     {manager.Running, manager.Automatic, manager.Automatic, "ok it is running", ""},
		"delayed":                  {manager.Running, manager.Delayed, manager.Delayed, "ok it is running", ""},
		"disabled since":           {manager.Running, manager.Disabled, manager.Automatic, "fail with start type automatic and has disabled: it won't come up at boot", "--enable"},
		"failed":                   {manager.Failed, manager.Automatic, manager.Automatic, "fail it isn't running: ", "daruma logs shop"},
		"stopped":                  {manager.Stopped, manager.Automatic, manager.Automatic, "warn it isn't running: it is stopped", "daruma ensure shop"},
		"stopped, and by hand":     {manager.Stopped, manager.Manual, manager.Manual, "ok it is stopped", ""},
		"by hand, and now at boot": {manager.Running, manager.Automatic, manager.Manual, "ok it is running", ""},
	} {
		i := healthy(t)
		i.status.State, i.status.StartType, i.record.Spec.StartType = c.state, c.start, c.installed
		found := i.examine(t, "service")
		finds(t, name, found, "ok installed, start type "+c.start.String(), c.want)
		if last := found[len(found)-1]; !strings.Contains(last.Remedy, c.remedy) || (last.Remedy == "") != (c.remedy == "") {
			t.Errorf("%s: the remedy is %q, want %q", name, last.Remedy, c.remedy)
		}
	}
}

func TestCommand(t *testing.T) {
	i := healthy(t)
	finds(t, "there", i.examine(t, "command"), "ok it runs "+i.executable)
	i.registration.Unquoted = true
	finds(t, "unquoted", i.examine(t, "command"), "ok it runs", "fail no quotes")
	for name, c := range map[string]struct {
		words []string
		want  string
	}{
		"nothing":  {nil, "fail it runs nothing"},
		"gone":     {[]string{i.executable + "-gone"}, "fail its executable isn't there"},
		"a folder": {[]string{i.place.State}, "fail is a folder"},
		"relative": {[]string{"daruma.exe"}, "fail isn't absolute: daruma.exe"},
	} {
		t.Chdir(filepath.Dir(i.executable))
		i.registration.Unquoted, i.registration.Words = false, c.words
		finds(t, name, i.examine(t, "command"), c.want)
	}
}

func TestDefinition(t *testing.T) {
	i := healthy(t)
	finds(t, "right", i.examine(t, "definition"), "ok "+i.definition+" is right")
	write(t, i.definition, "name: other\nprograms: {api: {command: [x]}}\n", 0o644)
	finds(t, "another's", i.examine(t, "definition"), "fail is of the service other")
	write(t, i.definition, "name: shop\nprograms: {api: {comand: [x]}}\n", 0o644)
	finds(t, "wrong", i.examine(t, "definition"), "fail did you mean command?")
	write(t, i.definition, "name: shop\nprograms: {api: {command: [x], "+unenforceable+"}}\n", 0o644)
	finds(t, "what can't be enforced", i.examine(t, "definition"), "fail programs.api.")
	write(t, i.definition, "name: shop\ndependsOn: [nothing]\nprograms: {api: {command: [\"${TEA}\"]}}\n", 0o644)
	i.record.Spec.Env, i.missing = []string{"TEA=x"}, []string{"nothing"}
	finds(t, "a dependency that isn't there", i.examine(t, "definition"), string(missingDependency)+" there is no service nothing", "ok is right")
	i.record.Definition = filepath.Join(i.place.Config, "none.yaml")
	finds(t, "gone", i.examine(t, "definition"), "fail there is no such file")

	// Without a record, the command line says which it is.
	i = healthy(t)
	finds(t, "no record", i.examineAsIs(t, "definition"), "ok "+i.definition+" is right")
	i.registration.Words = []string{i.executable, "run"}
	finds(t, "another command", i.examineAsIs(t, "definition"), "skip isn't run by daruma host")
}

func TestRegistration(t *testing.T) {
	i := healthy(t)
	finds(t, "no record", i.examineAsIs(t, "registration"), "warn there is no record of its installation")
	finds(t, "as installed", i.examine(t, "registration"), "ok as it was installed")
	i.plan.Changed = []manager.Change{{Setting: "START_TYPE", From: "3", To: "2"}, {Setting: "DESCRIPTION", From: "a", To: "b"}}
	i.plan.Remarks = []string{"not known here"}
	finds(t, "changed", i.examine(t, "registration"),
		"fail START_TYPE: 2 → 3", "warn DESCRIPTION: b → a", "skip not known here")
	i.plan.Outdated = true
	finds(t, "outdated", i.examine(t, "registration"),
		"warn another version of daruma wrote it, or one for another systemd, and it is unchanged since; this one would write START_TYPE: 3 → 2; DESCRIPTION: a → b",
		"skip not known here")
	i.planErr = errors.New("no rights")
	finds(t, "unknown", i.examine(t, "registration"), "fail comparing it with what was installed: no rights")

	i = healthy(t)
	write(t, filepath.Join(i.place.Config, "installed.json"), "{", 0o644)
	finds(t, "a broken record", i.examineAsIs(t, "registration"), "fail installed.json: ")
}

func TestRecovery(t *testing.T) {
	i := healthy(t)
	finds(t, "all", i.examine(t, "recovery"), "ok after a crash and after an error")
	i.registration.OnNonCrash = false
	finds(t, "crashes only", i.examine(t, "recovery"), "warn not after an end with an error")
	i.registration.Recovers = false
	finds(t, "none", i.examine(t, "recovery"), "fail doesn't start it again after a crash")
	i.registration.Unknown = []string{"recovery actions"}
	finds(t, "unknown", i.examine(t, "recovery"), "skip doesn't tell: recovery actions")
}

func TestFallback(t *testing.T) {
	i := healthy(t)
	finds(t, "there", i.examine(t, "fallback"), "ok every 5m0s")
	i.task.Changed = []manager.Change{{Setting: "Interval", From: "PT9M", To: "PT5M"}}
	finds(t, "changed", i.examine(t, "fallback"), "warn Interval: PT5M → PT9M")
	i.task.Outdated = true
	finds(t, "outdated", i.examine(t, "fallback"), "warn unchanged since; this one would write Interval: PT9M → PT5M")
	i.task.Created = true
	finds(t, "gone", i.examine(t, "fallback"), "fail the fallback task is gone")
	i.taskErr = errors.New("no answer")
	finds(t, "unknown", i.examine(t, "fallback"), "fail no answer")

	i = healthy(t)
	i.record.Fallback = nil
	finds(t, "none was asked for", i.examine(t, "fallback"), "skip none is installed")
	i.hasTask = true
	finds(t, "one that isn't recorded", i.examine(t, "fallback"), "ok there is one")
	i.taskErr = errors.New("no answer")
	finds(t, "unknown, and none asked for", i.examine(t, "fallback"), "skip no answer")
}

func TestEventSource(t *testing.T) {
	for name, c := range map[string]struct {
		problems []string
		err      error
		want     []string
	}{
		"right":       {nil, nil, []string{"ok events are shown with their texts"}},
		"wrong":       {[]string{"it isn't registered", "its file is gone"}, nil, []string{"warn it isn't registered", "warn its file is gone"}},
		"unsupported": {nil, manager.ErrUnsupported, nil},
		"unknown":     {nil, errors.New("no rights"), []string{"skip can't be looked at: no rights"}},
	} {
		var s subject
		s.reportEventSource(c.problems, c.err)
		finds(t, name, s.findings, c.want...)
	}
}

func TestFolders(t *testing.T) {
	for name, c := range map[string]struct {
		changes []manager.Change
		err     error
		want    []string
	}{
		"right":   {nil, nil, []string{"ok its folders have the access"}},
		"wrong":   {[]manager.Change{{Setting: "access of state", From: "a", To: "b"}}, nil, []string{"warn access of state: a → b"}},
		"unknown": {nil, errors.New("no rights"), []string{"skip can't be looked at: no rights"}},
	} {
		var s subject
		s.reportFolders(c.changes, c.err)
		finds(t, name, s.findings, c.want...)
	}
}

// What the supervisor warns of is found, but for what the check of the definition says already.
func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct{ warnings, want []string }{
		"none":       {nil, []string{"ok the running supervisor warns of nothing"}},
		"definition": {[]string{control.DefinitionWarning + " was changed"}, []string{"ok the running supervisor warns of nothing"}},
		"disk":       {[]string{"api: its log can't be written: read-only file system", control.DefinitionWarning + " was changed"}, []string{"warn read-only file system"}},
	} {
		var s subject
		s.reportWarnings(c.warnings)
		finds(t, name, s.findings, c.want...)
	}
}
