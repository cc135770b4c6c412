package cli

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows/registry"

	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/migrate/takeover"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"
)

func testName(suffix string) string { return fmt.Sprintf("Daruma-Test-%d%s", os.Getpid(), suffix) }

func TestReplaceInPlace(t *testing.T) {
	s := newNSSM(t, testName("-Place"), "good")
	s.says(0, []string{"stop it", "BINARY_PATH_NAME", "nothing was changed"}, "import", "nssm", s.name, "--replace", "--dry-run")
	s.isNSSMs()
	if _, err := os.Stat(s.home); !os.IsNotExist(err) {
		t.Errorf("a dry run made %s: %v", s.home, err)
	}
	s.says(0, []string{"stopped", "ready", "is daruma's"}, "import", "nssm", s.name, "--replace")
	s.isDarumas()
	if now := s.entry(); now.Access != s.before.Access || now.Name != s.before.Name || len(now.Dependencies) != 1 {
		t.Errorf("access list, name or dependencies changed: %+v", now)
	}
	s.says(0, []string{"already; nothing changed"}, "import", "nssm", s.name, "--replace")
	s.says(0, []string{"would be stopped"}, "import", "nssm", s.name, "--undo", "-n")
	s.isDarumas()
	s.finishes()
	s.says(0, []string{"NSSM's"}, "import", "nssm", s.name, "--undo")
	s.isNSSMs()
	s.says(0, []string{"nothing changed"}, "import", "nssm", s.name, "--undo")
	s.isNSSMs()

	// A service that was uninstalled meanwhile comes back too.
	s.says(0, nil, "import", "nssm", s.name, "--replace")
	if _, err := (manager.Manager{Overwrite: true}).Uninstall(t.Context(), s.name); err != nil {
		t.Fatal(err)
	}
	s.says(0, nil, "import", "nssm", s.name, "--undo")
	s.isNSSMs()
}

// finishes: a call that was interrupted after the swap, before what belongs beside the service was there.
func (s *nssmService) finishes() {
	s.t.Helper()
	store := takeover.Store{Folder: filepath.Join(s.home, "config", "nssm")}
	j, ok, err := store.Load()
	if err != nil || !ok || j.Step != takeover.Done || !j.InPlace || !j.Running {
		s.t.Fatalf("%+v %v %v", j, ok, err)
	}
	config := filepath.Join(s.home, "config")
	installed, err := record.Load(config)
	if err != nil {
		s.t.Fatal(err)
	}
	j.Step = takeover.Swapped
	if err := errors.Join(store.Note(j), record.Remove(config)); err != nil {
		s.t.Fatal(err)
	}
	s.says(0, []string{"would be registered"}, "import", "nssm", s.name, "--replace", "-n")
	s.says(0, []string{"is daruma's; see"}, "import", "nssm", s.name, "--replace")
	again, err := record.Load(config)
	if err != nil || again.Spec.Name != installed.Spec.Name || again.Spec.Executable != installed.Spec.Executable {
		s.t.Errorf("%+v, was %+v: %v", again, installed, err)
	}
	if j, _, err := store.Load(); err != nil || j.Step != takeover.Done {
		s.t.Errorf("%+v %v", j, err)
	}
	s.isDarumas()
}

func TestReplaceByAnotherName(t *testing.T) {
	s := newNSSM(t, testName(" Other"), "good")
	s.says(0, []string{"make a service", "need the new name"}, "import", "nssm", s.name, "--replace", "-n")
	s.isNSSMs()
	s.says(0, []string{"is disabled", "is daruma's"}, "import", "nssm", s.name, "--replace")
	s.isDarumas()
	s.says(0, []string{"NSSM's"}, "import", "nssm", s.name, "--undo")
	s.isNSSMs()
}

// TestReplaceGoesBack: what NSSM can run and daruma can't is NSSM's again.
func TestReplaceGoesBack(t *testing.T) {
	for _, suffix := range []string{"-Bad", " Bad 2"} {
		t.Run(suffix, func(t *testing.T) {
			s := newNSSM(t, testName(suffix), "bad")
			s.says(1, []string{"wasn't ready after 10s", "exit code 3", "NSSM's again, as it was", "logs: " + s.home}, "import", "nssm", s.name, "--replace", "--timeout", "10s")
			s.isNSSMs()
		})
	}
}

// TestReplaceRefuses before anything is changed.
func TestReplaceRefuses(t *testing.T) {
	s := newNSSM(t, testName("-Refused"), "good")
	file := filepath.Join(s.dir, "other.yaml")
	if err := os.WriteFile(file, []byte("name: other\nprograms:\n  a:\n    command: ['C:\\windows\\system32\\cmd.exe']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		word string
		args []string
	}{
		{2, "not both", []string{s.name, "--replace", "--undo"}},
		{2, "--dry-run is for --replace", []string{s.name, "-n"}},
		{2, "name it", []string{"--all", "--replace"}},
		{2, "name of a service", []string{"x.reg", "--replace"}},
		{2, "name must be", []string{s.name, "--replace", "--definition", file}},
		{2, "leave the password out", []string{s.name, "--replace", "--password-env", "PATH"}},
		{1, "there is no service", []string{"daruma-test-none", "--replace"}},
		{1, "isn't one of NSSM", []string{"RpcSs", "--replace"}},
		{1, "nothing is kept", []string{s.name, "--undo"}},
	} {
		s.says(c.code, []string{c.word}, append([]string{"import", "nssm"}, c.args...)...)
	}
	s.isNSSMs()
	if _, err := os.Stat(s.home); !os.IsNotExist(err) {
		t.Errorf("refused, and there is %s: %v", s.home, err)
	}
}

// TestReplaceWithProbes takes a definition of one's own; one that its probe never finds ready goes back.
func TestReplaceWithProbes(t *testing.T) {
	s := newNSSM(t, testName("-Probes"), "good")
	file := filepath.Join(s.dir, "mine.yaml")
	write := func(port string) {
		t.Helper()
		text := fmt.Sprintf("name: %s\naccount: LocalSystem\nprograms:\n  server:\n    command: ['%s', %s, '%s', good]\n    readinessProbe: {tcpSocket: {port: %s}, periodSeconds: 1}\n",
			nssm.DefinitionName(s.name), filepath.Join(s.dir, "program.exe"), asProgram, s.port, port)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(unusedPort(t))
	s.says(1, []string{"wasn't ready after 10s: program server is running and not ready", "NSSM's again"}, "import", "nssm", s.name, "--replace", "--definition", file,
		"--timeout", "10s") // a service's start takes five on a busy machine
	s.isNSSMs()
	write(s.port)
	s.says(0, []string{"take the definition " + file, "is daruma's"}, "import", "nssm", s.name, "--replace", "--definition", file)
	s.isDarumas()
}

// TestReplaceStopped: what doesn't run is replaced, not started, and doesn't run after the way back either.
func TestReplaceStopped(t *testing.T) {
	s := newNSSM(t, testName("-Stopped"), "good")
	if err := (manager.Manager{}).Stop(t.Context(), s.name); err != nil {
		t.Fatal(err)
	}
	stopped := func(when string) {
		t.Helper()
		if status, err := (manager.Manager{}).Status(t.Context(), s.name); err != nil || operate.HasProcess(status) {
			t.Errorf("%s: %+v %v", when, status, err)
		}
	}
	s.says(0, []string{"isn't started", "is daruma's"}, "import", "nssm", s.name, "--replace")
	stopped("replaced")
	s.says(0, nil, "import", "nssm", s.name, "--undo")
	stopped("undone")
	if err := (manager.Manager{}).Start(t.Context(), s.name); err != nil {
		t.Fatal(err)
	}
	s.isNSSMs()
}

// TestReplaceWantsPassword: an account with one can't be given to another entry without it.
func TestReplaceWantsPassword(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	name := me.Username[strings.LastIndexByte(me.Username, '\\')+1:]
	s := newNSSM(t, testName(" Password"), "good")
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, servicesKey+s.name, registry.SET_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	if err := key.SetStringValue("ObjectName", `.\`+name); err != nil { // the Service Control Manager reads it at boot alone
		t.Fatal(err)
	}
	s.before = s.entry()
	s.says(2, []string{"the password of", "--password-file"}, "import", "nssm", s.name, "--replace")
	s.isNSSMs()
	if err := key.SetStringValue("ObjectName", "LocalSystem"); err != nil {
		t.Fatal(err)
	}
}

// TestReplaceKilled: killed at every line that it writes, the next call finishes or goes back. A name that no service of ours may have goes the
// same way under another one: there each third line is enough. On Wine, where each line takes seconds, it is each third and each fifth.
func TestReplaceKilled(t *testing.T) {
	steps := map[string]int{"-Kill": 1, " Kill 2": 3}
	if wine.Running() {
		steps = map[string]int{"-Kill": 3, " Kill 2": 5}
	}
	for suffix, step := range steps {
		t.Run(suffix, func(t *testing.T) {
			s := newNSSM(t, testName(suffix), "good")
			killed := 0
			for n := 1; ; n += step {
				code, text := s.daruma(n, "import", "nssm", s.name, "--replace")
				s.startsAtBoot(fmt.Sprintf("killed at line %d", n))
				if code == 0 {
					break
				}
				if code != killedCode {
					t.Fatalf("line %d: exit code %d", n, code)
				}
				killed++
				begun := strings.Contains(text, "saved to")
				if begun && n%2 == 0 {
					s.says(0, nil, "import", "nssm", s.name, "--undo")
				} else {
					s.says(0, nil, "import", "nssm", s.name, "--replace")
					s.isDarumas()
					s.says(0, nil, "import", "nssm", s.name, "--undo")
				}
				s.isNSSMs()
			}
			if killed*step < 6 {
				t.Errorf("killed %d times only", killed)
			}
			s.isDarumas()
			s.undoKilled(step)
		})
	}
}

// undoKilled is the same for the way back.
func (s *nssmService) undoKilled(step int) {
	s.t.Helper()
	for n := 1; ; n += step {
		code, _ := s.daruma(n, "import", "nssm", s.name, "--undo")
		s.startsAtBoot(fmt.Sprintf("undo killed at line %d", n))
		if code == 0 {
			break
		}
		if code != killedCode {
			s.t.Fatalf("line %d: exit code %d", n, code)
		}
		if n%2 == 0 {
			s.says(0, nil, "import", "nssm", s.name, "--undo")
			s.isNSSMs()
			s.says(0, nil, "import", "nssm", s.name, "--replace")
		} else {
			s.says(0, nil, "import", "nssm", s.name, "--replace")
		}
		s.isDarumas()
	}
	s.isNSSMs()
}
