package manager

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/daruma-sh/daruma/service/internal/testarguments"
	"github.com/daruma-sh/daruma/service/internal/wine"
)

// onWindows skips where services can't be installed: without an administrator's rights. Wine gives them always.
func onWindows(t *testing.T) {
	t.Helper()
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Skipf("installs services: run it as administrator (%v)", err)
	}
	windows.CloseServiceHandle(manager)
}

func real(t *testing.T, name, mode string) (spec Spec, recordFile string) {
	t.Helper()
	onWindows(t)
	dir := filepath.Join(t.TempDir(), "a b & 100%")
	recordFile = filepath.Join(filepath.Dir(dir), "record")
	spec = Spec{
		Name: name, Description: "test of daruma", Executable: copyOfMe(t, dir, "exe.exe"),
		Arguments: []string{asService, mode, recordFile}, Recovery: DefaultRecovery(), PreShutdownTimeout: 45 * time.Second,
	}
	t.Cleanup(func() {
		if _, err := (Manager{Overwrite: true}).Uninstall(context.Background(), name); err != nil && !errors.Is(err, ErrNotInstalled) {
			t.Errorf("cleaning up: %v", err)
		}
	})
	return spec, recordFile
}

func install(t *testing.T, m Manager, spec Spec) Changes {
	t.Helper()
	changes, err := m.Install(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func status(t *testing.T, name string) Status {
	t.Helper()
	s, err := (Manager{}).Status(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func do(t *testing.T, action func(context.Context, string) error, name string) {
	t.Helper()
	if err := action(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

func TestSCMLifeOfAService(t *testing.T) {
	spec, recordFile := real(t, "host-life", "steady")
	var m Manager
	plan, err := m.Plan(t.Context(), spec)
	if _, there := m.Status(t.Context(), spec.Name); err != nil || !plan.Created || !errors.Is(there, ErrNotInstalled) {
		t.Fatalf("plan %v, %v, status %v; a plan changes nothing", plan, err, there)
	}
	if changes := install(t, m, spec); !changes.Created || !slices.Equal(changes.Changed, plan.Changed) {
		t.Errorf("planned %v, done %v", plan.Changed, changes.Changed)
	}
	if s := status(t, spec.Name); s.State != Stopped || s.StartType != Automatic || s.SCM.StateName != "STOPPED" || s.Up() {
		t.Errorf("installed, it is %s", s)
	}
	do(t, m.Start, spec.Name)
	before := status(t, spec.Name)
	if before.State != Running || before.PID == 0 || before.SCM.State != 4 || before.SCM.Accepts&1 == 0 {
		t.Errorf("started, it is %s", before)
	}
	if r := found(t, recordFile); !slices.Equal(r.Args, spec.Arguments) {
		t.Errorf("it was started with %q, want %q", r.Args, spec.Arguments)
	}
	if again := install(t, m, spec); !again.None() {
		t.Errorf("installed again without a difference: %v", again)
	}
	do(t, m.Start, spec.Name)
	if s := status(t, spec.Name); s.PID != before.PID {
		t.Errorf("a start of what runs made pid %d out of %d", s.PID, before.PID)
	}
	do(t, m.Restart, spec.Name)
	if s := status(t, spec.Name); s.PID == before.PID || s.State != Running {
		t.Errorf("restarted, it is %s, and was %s", s, before)
	}
	do(t, m.Stop, spec.Name)
	do(t, m.Stop, spec.Name)
	if s := status(t, spec.Name); s.State != Stopped || s.PID != 0 {
		t.Errorf("stopped, it is %s", s)
	}
	do(t, m.Restart, spec.Name)
	if removed, err := m.Uninstall(t.Context(), spec.Name); err != nil || !removed.Removed {
		t.Errorf("uninstall: %v, %v", removed, err)
	}
	for verb, err := range map[string]error{
		"status": func() error { _, err := m.Status(t.Context(), spec.Name); return err }(), "start": m.Start(t.Context(), spec.Name),
		"stop": m.Stop(t.Context(), spec.Name), "uninstall": func() error { _, err := m.Uninstall(t.Context(), spec.Name); return err }(),
	} {
		if !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s of what isn't there: %v", verb, err)
		}
	}
}

func TestSCMTakesEveryArgument(t *testing.T) {
	spec, recordFile := real(t, "host-arguments", "steady")
	for _, argument := range testarguments.Nasty() {
		if argument != "%HOME%" { // Windows would take it for a variable: TestSpecsThatCannotBe
			spec.Arguments = append(spec.Arguments, argument)
		}
	}
	install(t, Manager{}, spec)
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(spec.Name), registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	if path, _, err := key.GetStringValue("ImagePath"); err != nil || !strings.HasPrefix(path, `"`+spec.Executable+`" `) {
		t.Errorf("ImagePath %s, %v: the executable isn't quoted", path, err)
	}
	do(t, Manager{}.Start, spec.Name)
	if r := found(t, recordFile); !slices.Equal(r.Args, spec.Arguments) {
		t.Errorf("it was started with\n%q, want\n%q", r.Args, spec.Arguments)
	}
}

func TestSCMChangesInPlace(t *testing.T) {
	spec, _ := real(t, "host-change", "steady")
	spec.DependsOn = []string{"RpcSs", "EventLog"}
	var m Manager
	install(t, m, spec)
	do(t, m.Start, spec.Name)
	before := spec
	spec.Description, spec.StartType, spec.DisplayName, spec.DependsOn = "", Delayed, "Shop", nil
	spec.Arguments = append(slices.Clone(spec.Arguments), "--more")
	spec.PreShutdownTimeout = time.Minute
	want := []Change{
		{"DEPENDENCIES", "RpcSs, EventLog", ""}, {"BINARY_PATH_NAME", commandLine(before), commandLine(spec)},
		{"START_TYPE", "automatic", "delayed"}, {"DISPLAY_NAME", "host-change", "Shop"}, {"DESCRIPTION", "test of daruma", ""},
		{"PRESHUTDOWN_TIMEOUT", "45s", "1m0s"},
	}
	plan, err := m.Plan(t.Context(), spec)
	if err != nil || !slices.Equal(plan.Changed, want) {
		t.Errorf("planned %v, %v, want %v", plan.Changed, err, want)
	}
	if s := status(t, spec.Name); s.StartType != Automatic {
		t.Errorf("after a mere plan it starts %s", s.StartType)
	}
	done := install(t, m, spec)
	if !slices.Equal(done.Changed, want) || !slices.ContainsFunc(done.Remarks, func(r string) bool { return strings.Contains(r, "until it is restarted") }) {
		t.Errorf("done %v, want %v and that it runs with the old settings", done, want)
	}
	if again := install(t, m, spec); !again.None() {
		t.Errorf("installed again without a difference: %v", again)
	}
	spec.DependsOn = []string{"RpcSs"}
	install(t, m, spec)
	spec.Description = "another"
	if last := install(t, m, spec); !slices.Equal(last.Changed, []Change{{"DESCRIPTION", "", "another"}}) {
		t.Errorf("another description changed %v", last)
	}
}

func TestSCMStartTypes(t *testing.T) {
	spec, _ := real(t, "host-types", "steady")
	var m Manager
	for _, step := range []StartType{Automatic, Delayed, Manual, Delayed, Disabled, Automatic, Disabled, Manual} {
		spec.StartType = step
		install(t, m, spec)
		if s := status(t, spec.Name); s.StartType != step {
			t.Errorf("installed as %s, it is %s", step, s)
		}
		err := m.Start(t.Context(), spec.Name)
		if step == Disabled && !errors.Is(err, ErrDisabled) || step != Disabled && err != nil {
			t.Errorf("start when %s: %v", step, err)
		}
		do(t, m.Stop, spec.Name)
	}
}

// TestSCMRecovery reads back what Windows keeps; Wine keeps nothing of it, and Install must say that.
func TestSCMRecovery(t *testing.T) {
	spec, _ := real(t, "host-recovery", "steady")
	changes := install(t, Manager{}, spec)
	said := strings.Join(changes.Remarks, "\n")
	if wine.Running() {
		if !strings.Contains(said, "(Wine) doesn't support") {
			t.Errorf("on Wine, and no word of it: %q", said)
		}
		t.Skip("Wine keeps no recovery actions: that they are written and read back is shown on Windows alone")
	}
	if said != "" {
		t.Errorf("remarks: %s", said)
	}
	s, err := openService(Manager{}, "testing", spec.Name, windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	want := []string{"restart after 1s, restart after 5s, restart after 1m0s; count reset after 24h0m0s", "on"}
	for i, setting := range s.recoverySettings(Recovery{}) {
		if have, err := setting.read(); err != nil || have != want[i] {
			t.Errorf("%s reads %q, %v, want %q", setting.name, have, err, want[i])
		}
	}
	spec.Recovery = Recovery{}
	install(t, Manager{}, spec)
	for i, want := range []string{"none", "off"} {
		setting := s.recoverySettings(Recovery{})[i]
		if have, err := setting.read(); err != nil || have != want {
			t.Errorf("taken back, %s reads %q, %v, want %q", setting.name, have, err, want)
		}
	}
}

func TestSCMEnvironment(t *testing.T) {
	spec, recordFile := real(t, "host-env", "steady")
	spec.Env = []string{"X_A=1", "X_B=a b"}
	install(t, Manager{}, spec)
	do(t, Manager{}.Start, spec.Name)
	t.Run("reaches the service", func(t *testing.T) {
		if wine.Running() {
			t.Skip("Wine's service manager doesn't read a service's Environment")
		}
		if r := found(t, recordFile); !slices.Equal(r.Env, spec.Env) {
			t.Errorf("environment %q, want %q", r.Env, spec.Env)
		}
	})
	spec.Env = nil
	if changes := install(t, Manager{}, spec); !slices.Equal(changes.Changed, []Change{{"ENVIRONMENT", "X_A=1, X_B=a b", ""}}) {
		t.Errorf("taken back: %v", changes)
	}
}

func TestSCMFailuresAreTold(t *testing.T) {
	spec, _ := real(t, "host-fails", "exit3")
	spec.Recovery = Recovery{}
	install(t, Manager{}, spec)
	err := Manager{}.Start(t.Context(), spec.Name)
	if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "service-specific exit code 3") {
		t.Errorf("start of what stops with 3: %v", err)
	}
	if s := status(t, spec.Name); s.State != Failed || s.SCM.Win32ExitCode != 1066 || s.SCM.ServiceExitCode != 3 {
		t.Errorf("failed, it is %s", s)
	}
}

func TestSCMWaitsEndWithTheContext(t *testing.T) {
	spec, recordFile := real(t, "host-gate", "gate")
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	var heard []Progress
	m := Manager{Progress: func(p Progress) { heard = append(heard, p); cancel(enough) }}
	install(t, m, spec)
	if err := m.Start(ctx, spec.Name); !errors.Is(err, enough) {
		t.Errorf("start until the context ended: %v", err)
	}
	if len(heard) != 1 || heard[0].Elapsed < time.Second || !strings.Contains(heard[0].What, "START_PENDING, checkpoint 3") {
		t.Errorf("progress told: %v", heard)
	}
	s := status(t, spec.Name)
	if s.State != Starting || s.SCM.CheckPoint != 3 || s.SCM.WaitHint != 20000 {
		t.Errorf("still starting, it is %s", s)
	}
	// It takes no stop before it runs, and a stop waits for that.
	waiting := ""
	m.Progress = func(p Progress) {
		waiting = p.What
		if err := os.WriteFile(recordFile+".open", nil, 0o644); err != nil {
			t.Error(err)
		}
	}
	do(t, m.Stop, spec.Name)
	if !strings.Contains(waiting, "doesn't take a stop yet") || !exists(recordFile) {
		t.Errorf("told while waiting: %q; it must have run meanwhile", waiting)
	}
	if s := status(t, spec.Name); s.State != Stopped {
		t.Errorf("stopped, it is %s", s)
	}
}

func TestSCMForeignServicesStay(t *testing.T) {
	spec, _ := real(t, "host-foreign", "steady")
	s, err := openSCM(Manager{}, "testing", spec.Name, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	other := spec
	other.Executable = `C:\windows\system32\other.exe`
	if err := s.createService(other); err != nil {
		t.Fatal(err)
	}
	s.closeService()
	var m Manager
	if _, err := m.Install(t.Context(), spec); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "other.exe") {
		t.Errorf("install over a foreign service: %v", err)
	}
	if _, err := m.Uninstall(t.Context(), spec.Name); !errors.Is(err, ErrForeign) {
		t.Errorf("uninstall of a foreign service: %v", err)
	}
	m.Overwrite = true
	if changes := install(t, m, spec); changes.Created || changes.Changed[0].From != commandLine(other) {
		t.Errorf("overwritten: %v", changes)
	}
	m.Overwrite = false
	spec.Executable = copyOfMe(t, t.TempDir(), "moved.exe")
	if changes := install(t, m, spec); changes.Created || len(changes.Changed) != 1 {
		t.Errorf("an own one moved to another executable: %v", changes)
	}
}

// TestSCMMarkedForDeletion holds the service open, as services.msc would.
func TestSCMMarkedForDeletion(t *testing.T) {
	spec, _ := real(t, "host-marked", "steady")
	install(t, Manager{}, spec)
	holder, err := openService(Manager{}, "testing", spec.Name, windows.SERVICE_QUERY_STATUS)
	if err != nil {
		t.Fatal(err)
	}
	heard := ""
	m := Manager{Progress: func(p Progress) { heard = p.What; holder.close() }} // called by this goroutine
	_, err = m.Uninstall(t.Context(), spec.Name)
	if err != nil {
		t.Errorf("uninstall, waiting for the other program: %v", err)
	}
	if heard == "" {
		holder.close()
		if !wine.Running() {
			t.Error("a service that is held open went at once")
		}
	} else if !strings.Contains(heard, "marked for deletion") {
		t.Errorf("told while waiting: %q", heard)
	}
	if changes := install(t, Manager{}, spec); !changes.Created {
		t.Errorf("installed anew: %v", changes)
	}
}
