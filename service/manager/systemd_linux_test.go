package manager

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/internal/testarguments"
	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// onSystemd skips unless the machine is a lab's, for these tests install services in it.
func onSystemd(t *testing.T) {
	t.Helper()
	if os.Getenv("DARUMA_LAB") != "systemd" {
		t.Skip("changes the machine: needs a systemd machine of the lab, where DARUMA_LAB=systemd")
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil || os.Getuid() != 0 {
		t.Fatalf("DARUMA_LAB=systemd, but it isn't root on a machine that systemd booted: %v", err)
	}
}

// real is a spec of a service that is really there, and removed with the test.
func real(t *testing.T, name, mode string) (spec Spec, recordFile string) {
	t.Helper()
	onSystemd(t)
	dir := readable(t, t.TempDir())
	recordFile = filepath.Join(dir, "record")
	spec = Spec{
		Name: name, Description: "test of daruma", Executable: copyOfMe(t, dir, "exe"),
		Arguments: []string{asService, mode, recordFile}, Recovery: DefaultRecovery(),
		StartTimeout: time.Minute, StopTimeout: 20 * time.Second,
	}
	t.Cleanup(func() {
		if _, err := (Manager{Overwrite: true}).Uninstall(context.Background(), name); err != nil && !errors.Is(err, ErrNotInstalled) {
			t.Errorf("cleaning up: %v", err)
		}
	})
	return spec, recordFile
}

// readable lets everybody into a folder of t.TempDir, which begins as the tester's own.
func readable(t *testing.T, dir string) string {
	t.Helper()
	for up := dir; up != filepath.Clean(os.TempDir()); up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
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

func TestSystemdLifeOfAService(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	spec, recordFile := real(t, "host-life", "steady")
	var m Manager
	plan, err := m.Plan(t.Context(), spec)
	if err != nil || !plan.Created || exists("/etc/systemd/system/host-life.service") {
		t.Fatalf("plan %v, %v; a plan changes nothing", plan, err)
	}
	changes := install(t, m, spec)
	if !slices.Equal(changes.Changed, plan.Changed) || !changes.Created {
		t.Errorf("planned %v, done %v", plan.Changed, changes.Changed)
	}
	if s := status(t, spec.Name); s.State != Stopped || s.StartType != Automatic || s.Up() {
		t.Errorf("installed, it is %s", s)
	}
	do(t, m.Start, spec.Name)
	before := status(t, spec.Name)
	if before.State != Running || before.PID == 0 || before.Text != "at steady" || before.Since.IsZero() {
		t.Errorf("started, it is %s", before)
	}
	if r := found(t, recordFile); !slices.Equal(r.Args, spec.Arguments) {
		t.Errorf("it was started with %q, want %q", r.Args, spec.Arguments)
	}
	if again := install(t, m, spec); !again.None() || len(again.Remarks) != 0 {
		t.Errorf("installed again without a difference: %v", again)
	}
	do(t, m.Start, spec.Name) // which does nothing
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
	do(t, m.Restart, spec.Name) // which starts it
	if removed, err := m.Uninstall(t.Context(), spec.Name); err != nil || !removed.Removed {
		t.Errorf("uninstall: %v, %v", removed, err)
	}
	if left, _ := filepath.Glob("/etc/systemd/system/*/host-life*"); len(left) != 0 || exists("/etc/systemd/system/host-life.service") {
		t.Errorf("left behind: %q", left)
	}
	for name, err := range map[string]error{
		"status": func() error { _, err := m.Status(t.Context(), spec.Name); return err }(), "start": m.Start(t.Context(), spec.Name),
		"stop": m.Stop(t.Context(), spec.Name), "uninstall": func() error { _, err := m.Uninstall(t.Context(), spec.Name); return err }(),
	} {
		if !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s of what isn't there: %v", name, err)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before: a connection is left", runtime.NumGoroutine(), goroutines)
		}
		time.Sleep(time.Millisecond) // sleep: nobody tells when a goroutine has left the scheduler
	}
}

func TestSystemdTakesEveryArgument(t *testing.T) {
	spec, recordFile := real(t, "host-arguments", "steady")
	spec.Executable = copyOfMe(t, filepath.Join(t.TempDir(), "a $HOME %n ;b é"), "my exe")
	readable(t, filepath.Dir(spec.Executable))
	spec.WorkingDir = filepath.Dir(spec.Executable)
	spec.Arguments = append(spec.Arguments, testarguments.Nasty()...)
	spec.Arguments = append(spec.Arguments, "line\nbreak", "tab\tbell\a", "\x7f", "\u0085")
	random := rand.New(rand.NewPCG(1, 2)) // the same each time
	alphabet := []rune("aé漢 \t\n\"'\\$%;{}()#-@:!|&<>*?~=x0nub")
	for range 300 {
		argument := make([]rune, random.IntN(12))
		for i := range argument {
			argument[i] = alphabet[random.IntN(len(alphabet))]
		}
		spec.Arguments = append(spec.Arguments, string(argument))
	}
	for i, argument := range testarguments.Nasty() {
		spec.Env = append(spec.Env, "X_"+string(rune('A'+i%26))+string(rune('A'+i/26))+"="+argument)
	}
	var m Manager
	install(t, m, spec)
	do(t, m.Start, spec.Name)
	r := found(t, recordFile)
	if !slices.Equal(r.Args, spec.Arguments) {
		for i := range min(len(r.Args), len(spec.Arguments)) {
			if r.Args[i] != spec.Arguments[i] {
				t.Fatalf("argument %d is %q, want %q", i, r.Args[i], spec.Arguments[i])
			}
		}
		t.Fatalf("%d arguments, want %d", len(r.Args), len(spec.Arguments))
	}
	slices.Sort(r.Env)
	want := slices.Sorted(slices.Values(spec.Env))
	if !slices.Equal(r.Env, want) {
		t.Errorf("environment\n%q, want\n%q", r.Env, want)
	}
	if r.Dir != spec.WorkingDir {
		t.Errorf("started in %q, want %q", r.Dir, spec.WorkingDir)
	}
	if again := install(t, m, spec); !again.None() {
		t.Errorf("installed again without a difference: %v", again)
	}
}

func TestSystemdChangesInPlace(t *testing.T) {
	spec, _ := real(t, "host-change", "steady")
	var m Manager
	install(t, m, spec)
	do(t, m.Start, spec.Name)
	spec.Description, spec.StartType, spec.Recovery.Delays, spec.DependsOn = "another", Manual, []time.Duration{3 * time.Second}, []string{"dbus"}
	plan, err := m.Plan(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{"Unit.Description", "test of daruma", "another"}, {"Unit.Wants", "", "dbus.service"}, {"Unit.After", "network.target", "network.target dbus.service"},
		{"Service.RestartSec", "1s", "3s"}, {"X-Daruma.StartType", "automatic", "manual"},
		{"host-change.service", "enabled", ""},
	}
	if !slices.Equal(plan.Changed, want) || plan.Created {
		t.Errorf("planned %v, want %v", plan.Changed, want)
	}
	if s := status(t, spec.Name); s.StartType != Automatic {
		t.Errorf("after a mere plan it starts %s", s.StartType)
	}
	if done := install(t, m, spec); !slices.Equal(done.Changed, want) || len(done.Remarks) != 1 || !strings.Contains(done.Remarks[0], "restarted") {
		t.Errorf("done %v, want %v and that it runs with the old settings", done, want)
	}
	if s := status(t, spec.Name); s.StartType != Manual || s.State != Running {
		t.Errorf("changed, it is %s", s)
	}
}

func TestSystemdStartTypes(t *testing.T) {
	spec, _ := real(t, "host-types", "steady")
	var m Manager
	for _, step := range []StartType{Automatic, Delayed, Manual, Delayed, Disabled, Automatic, Disabled, Manual} {
		spec.StartType = step
		install(t, m, spec)
		if s := status(t, spec.Name); s.StartType != step {
			t.Errorf("installed as %s, it is %s", step, s)
		}
		links, _ := filepath.Glob("/etc/systemd/system/*.wants/host-types.*")
		want := map[StartType]string{Automatic: "multi-user.target.wants/host-types.service", Delayed: "timers.target.wants/host-types.timer"}[step]
		if got := strings.TrimPrefix(strings.Join(links, " "), "/etc/systemd/system/"); got != want {
			t.Errorf("%s: links %q, want %q", step, got, want)
		}
		if exists("/etc/systemd/system/host-types.timer") != (step == Delayed) {
			t.Errorf("%s: the timer is there, or isn't, wrongly", step)
		}
		err := m.Start(t.Context(), spec.Name)
		if step == Disabled && !errors.Is(err, ErrDisabled) || step != Disabled && err != nil {
			t.Errorf("start when %s: %v", step, err)
		}
		do(t, m.Stop, spec.Name)
	}
}

func TestSystemdDisabledEvenForDependents(t *testing.T) {
	disabled, recordFile := real(t, "host-disabled", "steady")
	disabled.StartType = Disabled
	dependent, _ := real(t, "host-dependent", "steady")
	dependent.DependsOn = []string{"host-disabled"}
	var m Manager
	install(t, m, disabled)
	install(t, m, dependent)
	do(t, m.Start, dependent.Name)
	if exists(recordFile) || status(t, disabled.Name).Up() {
		t.Error("a service that depends on it started a disabled one")
	}
}

func TestSystemdFailuresAreTold(t *testing.T) {
	spec, _ := real(t, "host-fails", "exit3")
	spec.Recovery = Recovery{}
	var m Manager
	install(t, m, spec)
	err := m.Start(t.Context(), spec.Name)
	if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "journalctl") {
		t.Errorf("start of what exits with 3: %v", err)
	}
	if s := status(t, spec.Name); s.State != Failed || s.Systemd.ExecMainStatus != 3 || s.Systemd.Result != "exit-code" {
		t.Errorf("failed, it is %s", s)
	}
}

func TestSystemdWaitsEndWithTheContext(t *testing.T) {
	spec, _ := real(t, "host-never", "never")
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	var heard []Progress
	m := Manager{Progress: func(p Progress) { heard = append(heard, p); cancel(enough) }}
	install(t, m, spec)
	err := m.Start(ctx, spec.Name)
	if !errors.Is(err, enough) {
		t.Errorf("start until the context ended: %v", err)
	}
	if len(heard) != 1 || heard[0].Elapsed < time.Second || !strings.Contains(heard[0].What, "host-never is starting") {
		t.Errorf("progress told: %v", heard)
	}
	if s := status(t, spec.Name); s.State != Starting {
		t.Errorf("still starting, it is %s", s)
	}
}

func TestSystemdForeignUnitsStay(t *testing.T) {
	spec, _ := real(t, "host-foreign", "steady")
	path := filepath.Join(unitDir, "host-foreign.service")
	const own = "[Service]\nExecStart=/bin/true\n"
	if err := os.WriteFile(path, []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	var m Manager
	if _, err := m.Install(t.Context(), spec); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), path) {
		t.Errorf("install over a foreign unit: %v", err)
	}
	if _, err := m.Uninstall(t.Context(), spec.Name); !errors.Is(err, ErrForeign) {
		t.Errorf("uninstall of a foreign unit: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != own {
		t.Errorf("the foreign unit is now %q", text)
	}
	if changes := install(t, Manager{Overwrite: true}, spec); changes.Created {
		t.Errorf("overwritten, it counts as new: %v", changes)
	}
	vendor := spec
	vendor.Name = "systemd-journald"
	if _, err := m.Plan(t.Context(), vendor); !errors.Is(err, ErrForeign) {
		t.Errorf("plan for a unit of the distribution: %v", err)
	}
}

func TestSystemdDropInsStay(t *testing.T) {
	spec, _ := real(t, "host-dropin", "steady")
	var m Manager
	install(t, m, spec)
	dir := filepath.Join(unitDir, "host-dropin.service.d")
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "own.conf"), []byte("[Service]\nNice=5\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	spec.Description = "another"
	install(t, m, spec)
	if again := install(t, m, spec); !again.None() || len(again.Remarks) != 1 || !strings.Contains(again.Remarks[0], "own.conf") {
		t.Errorf("with a drop-in: %v", again)
	}
	if changes, err := m.Uninstall(t.Context(), spec.Name); err != nil || len(changes.Remarks) != 1 || !exists(filepath.Join(dir, "own.conf")) {
		t.Errorf("uninstall with a drop-in: %v, %v", changes, err)
	}
}

func TestSystemdGoesBackWhereItFails(t *testing.T) {
	spec, _ := real(t, "host-back", "steady")
	var m Manager
	install(t, m, spec)
	before, err := os.ReadFile(filepath.Join(unitDir, "host-back.service"))
	if err != nil {
		t.Fatal(err)
	}
	broken := spec
	broken.WorkingDir = "/~" + strings.Repeat("x", 5000) // longer than a path may be, and checked by systemd alone
	broken.Executable += strings.Repeat("x", 5000)
	if _, err := m.Install(t.Context(), broken); err == nil {
		t.Fatal("systemd took a path that can't be")
	} else {
		t.Log(err)
	}
	if after, _ := os.ReadFile(filepath.Join(unitDir, "host-back.service")); string(after) != string(before) {
		t.Errorf("after the failure the unit is\n%s", after)
	}
	do(t, m.Start, spec.Name)

	do(t, m.Stop, spec.Name)
	if _, err := m.Uninstall(t.Context(), spec.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Install(t.Context(), broken); err == nil {
		t.Fatal("systemd took a path that can't be")
	}
	if left, _ := filepath.Glob("/etc/systemd/system/*/host-back.service"); len(left) > 0 || exists(filepath.Join(unitDir, "host-back.service")) {
		t.Errorf("of a first installation that failed there is left: its unit file, or links %q", left)
	}
}

func TestSystemdTellsItsOwnChangesFromAPersons(t *testing.T) {
	spec, _ := real(t, "host-older", "steady")
	var m Manager
	install(t, m, spec)
	path := filepath.Join(unitDir, "host-older.service")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	older := slices.DeleteFunc(unitfile.Parse(string(text)), func(d unitfile.Directive) bool { return d.Key == "RestartSec" }).Text("Of an older version.")
	for what, c := range map[string]struct {
		text     string
		outdated bool
	}{
		"an older version's": {older, true},
		"a person's":         {strings.Replace(string(text), "Description=", "Description=my ", 1), false},
		"as it was":          {string(text), false},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		plan, err := m.Plan(t.Context(), spec)
		if err != nil || plan.Outdated != c.outdated || plan.None() != (c.text == string(text)) {
			t.Errorf("%s: %+v, %v; want outdated %v", what, plan, err, c.outdated)
		}
	}
}

func TestSystemdRightsAreMissingBeforehand(t *testing.T) {
	spec, recordFile := real(t, "host-rights", "steady")
	as := func(args ...string) string {
		cmd := exec.Command(spec.Executable, append([]string{asInstaller}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatal(err)
		}
		return string(out)
	}
	if out := as("install", spec.Name, "automatic", recordFile); !strings.Contains(out, ErrRights.Error()) || !strings.Contains(out, "sudo") {
		t.Errorf("install by nobody: %s", out)
	}
	if exists(filepath.Join(unitDir, "host-rights.service")) {
		t.Error("and it was installed")
	}
	install(t, Manager{}, spec)
	for _, verb := range []string{"start", "uninstall"} {
		if out := as(verb, spec.Name); !strings.Contains(out, ErrRights.Error()) {
			t.Errorf("%s by nobody: %s", verb, out)
		}
	}
	if out := as("status", spec.Name); out != "stopped automatic\n" {
		t.Errorf("status by nobody: %s", out)
	}
}
