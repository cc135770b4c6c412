package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc/mgr"

	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/systemlog"
	"github.com/daruma-sh/daruma/service/manager"
)

// nssmService is a service that the stand-in for NSSM runs.
type nssmService struct {
	t          *testing.T
	name, port string
	dir, home  string
	before     manager.Entry
}

// newNSSM installs one and starts it. how is for the program, good or bad.
func newNSSM(t *testing.T, name, how string) *nssmService {
	t.Helper()
	m, err := mgr.Connect()
	if err != nil {
		t.Skipf("installs services: run it as administrator (%v)", err)
	}
	defer m.Disconnect()
	dir, err := os.MkdirTemp(os.Getenv("ProgramFiles"), "daruma-test-")
	if err != nil {
		t.Skipf("writes to %%ProgramFiles%%: run it as administrator (%v)", err)
	}
	s := &nssmService{t: t, name: name, port: unusedPort(t), dir: dir,
		home: filepath.Join(os.Getenv("ProgramData"), "daruma", nssm.DefinitionName(name))} // Wine gives services no Environment, so no DARUMA_HOME
	t.Cleanup(s.remove)
	for _, file := range []string{"daruma.exe", "program.exe", standInFile} {
		copyMe(t, filepath.Join(dir, file))
	}
	service, err := m.CreateService(name, filepath.Join(dir, standInFile), mgr.Config{StartType: mgr.StartAutomatic, DisplayName: "NSSM runs " + name,
		Dependencies: []string{"RpcSs"}})
	if err != nil {
		t.Fatal(err)
	}
	service.Close()
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, servicesKey+name+`\Parameters`, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	exit, _, err := registry.CreateKey(key, "AppExit", registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	defer exit.Close()
	if err := errors.Join(key.SetStringValue("Application", filepath.Join(dir, "program.exe")),
		key.SetStringValue("AppParameters", asProgram+" "+s.port+" "+how),
		key.SetStringsValue("AppEnvironmentExtra", []string{"SECRET=hunter2", "STADT=Köln"}),
		key.SetDWordValue("AppRestartDelay", 100), exit.SetStringValue("", "Restart")); err != nil {
		t.Fatal(err)
	}
	if err := (manager.Manager{}).Start(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	s.serves("nssm")
	s.before = s.entry()
	return s
}

// logs shows what daruma wrote, where the test failed.
func (s *nssmService) logs() {
	if !s.t.Failed() {
		return
	}
	files, _ := filepath.Glob(filepath.Join(s.home, "logs", "*.log"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		s.t.Logf("%s: %s %v", file, text, err)
	}
}

func (s *nssmService) remove() {
	s.logs()
	ctx := context.Background()
	for _, name := range []string{s.name, nssm.DefinitionName(s.name)} {
		if _, err := (manager.Manager{Overwrite: true}).Uninstall(ctx, name); err != nil && !errors.Is(err, manager.ErrNotInstalled) {
			s.t.Errorf("cleaning up: %v", err)
		}
		if _, err := (manager.Manager{}).UnregisterTask(ctx, name); err != nil {
			s.t.Errorf("cleaning up: %v", err)
		}
		if err := systemlog.UnregisterEventSource(name); err != nil {
			s.t.Errorf("cleaning up: %v", err)
		}
	}
	// Windows keeps the files of a process for a moment after its end.
	var err error
	for range 50 {
		if err = errors.Join(os.RemoveAll(s.dir), os.RemoveAll(s.home)); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond) // sleep: nothing tells when the last handle is closed
	}
	s.t.Errorf("cleaning up: %v", err)
}

func copyMe(t *testing.T, path string) {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(me)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

func unusedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// serves waits until the program answers, and tells who runs it.
func (s *nssmService) serves(by string) {
	s.t.Helper()
	var got []byte
	var err error
	for begin := time.Now(); time.Since(begin) < 20*time.Second; {
		var c net.Conn
		if c, err = net.DialTimeout("tcp", "127.0.0.1:"+s.port, time.Second); err == nil {
			got, err = io.ReadAll(c)
			_ = c.Close()
			if string(got) == by {
				return
			}
		}
		time.Sleep(50 * time.Millisecond) // sleep: a port that is about to open can't be awaited
	}
	s.t.Fatalf("%s is to be run by %s, and is by %q (%v)", s.name, by, got, err)
}

func (s *nssmService) entry() manager.Entry {
	s.t.Helper()
	e, err := manager.Manager{}.ReadEntry(s.t.Context(), s.name)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// daruma runs daruma.exe; it dies when it has written for the nth time.
func (s *nssmService) daruma(n int, args ...string) (code int, text string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(s.dir, "daruma.exe"), append([]string{asDaruma, fmt.Sprint(n)}, args...)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if strings.Contains(string(out), "hunter2") {
		s.t.Errorf("a secret is shown:\n%s", out)
	}
	s.t.Logf("%s: %d\n%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), out)
	return cmd.ProcessState.ExitCode(), string(out)
}

// says runs it to its end.
func (s *nssmService) says(code int, words []string, args ...string) {
	s.t.Helper()
	got, text := s.daruma(0, args...)
	if got != code {
		s.t.Fatalf("%s: exit code %d, want %d", strings.Join(args, " "), got, code)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			s.t.Errorf("%s doesn't say %q", strings.Join(args, " "), w)
		}
	}
}

// isNSSMs: its program runs under NSSM, and its entry is what it was, to the byte.
func (s *nssmService) isNSSMs() {
	s.t.Helper()
	s.serves("nssm")
	now := s.entry()
	if found := s.before.Differences(now); len(found) > 0 || !bytes.Equal(s.before.Reg(), now.Reg()) {
		s.t.Errorf("differs from what it was: %q", found)
	}
	if name := nssm.DefinitionName(s.name); !strings.EqualFold(name, s.name) {
		if _, err := (manager.Manager{}).Status(s.t.Context(), name); !errors.Is(err, manager.ErrNotInstalled) {
			s.t.Errorf("service %s is left: %v", name, err)
		}
	}
}

// isDarumas: daruma runs its program, and NSSM's doesn't start at boot.
func (s *nssmService) isDarumas() {
	s.t.Helper()
	s.serves("daruma")
	now := s.entry()
	name := nssm.DefinitionName(s.name)
	if strings.EqualFold(name, s.name) {
		if !strings.Contains(now.CommandLine, `daruma.exe" host `+name) || now.Start != windows.SERVICE_AUTO_START {
			s.t.Errorf("runs %s, start %d", now.CommandLine, now.Start)
		}
		return
	}
	status, err := manager.Manager{}.Status(s.t.Context(), name)
	if err != nil || status.StartType != manager.Automatic || now.Start != windows.SERVICE_DISABLED {
		s.t.Errorf("%+v %v; NSSM's start %d", status, err, now.Start)
	}
}

// startsAtBoot: one of the two does, at every moment.
func (s *nssmService) startsAtBoot(when string) {
	s.t.Helper()
	status, err := manager.Manager{}.Status(s.t.Context(), nssm.DefinitionName(s.name))
	if s.entry().Start != windows.SERVICE_AUTO_START && (err != nil || status.StartType != manager.Automatic) {
		s.t.Errorf("%s, neither starts at boot", when)
	}
}
