package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"

	"github.com/daruma-sh/daruma/service/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"
)

// hangup: Windows has no SIGHUP, and the original accepts no PARAMCHANGE.
func (r *runner) hangup() func(context.Context) error { return nil }

// platformSystems is the Service Control Manager (SCM) alone; it is always there.
func platformSystems() []System {
	return []System{platform{
		name:           "windows-service",
		detect:         func() bool { return true },
		interactive:    func() bool { return !startedBySCM() },
		serviceManager: func(c *Config) serviceManager { return scm{c} },
	}}
}

// runWait is for POSIX alone in the original, too: on Windows the SCM alone requests the stop.
func runWait(KeyValue) func() { return nil }

func remarks(c *Config) []string {
	list := c.Option.remarks("windows")
	if c.WorkingDirectory != "" && !filepath.IsAbs(c.WorkingDirectory) {
		list = append(list, "WorkingDirectory: isn't an absolute path; it has no effect")
	}
	if c.ChRoot != "" {
		list = append(list, "ChRoot: Windows has none; it has no effect")
	}
	return list
}

// startedBySCM reports whether the SCM started this process. Under Wine, whose services.exe isn't in session 0, the SCM is
// asked instead: one of its running services has our process id.
func startedBySCM() bool {
	if is, err := svc.IsWindowsService(); err == nil && is {
		return true
	}
	if !wine.Running() {
		return false
	}
	m, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT|windows.SC_MANAGER_ENUMERATE_SERVICE)
	if err != nil {
		return false
	}
	defer func() { _ = windows.CloseServiceHandle(m) }()
	var size, count uint32
	list := make([]windows.ENUM_SERVICE_STATUS_PROCESS, 1024) // and room for their names
	err = windows.EnumServicesStatusEx(m, windows.SC_ENUM_PROCESS_INFO, windows.SERVICE_WIN32, windows.SERVICE_ACTIVE,
		(*byte)(unsafe.Pointer(&list[0])), uint32(len(list))*uint32(unsafe.Sizeof(list[0])), &size, &count, nil, nil)
	if err != nil {
		return false
	}
	for _, service := range list[:min(int(count), len(list))] {
		if service.ServiceStatusProcess.ProcessId == windows.GetCurrentProcessId() {
			return true
		}
	}
	return false
}

// scm does the verbs upon the SCM.
type scm struct{ *Config }

func (s scm) install(ctx context.Context) error {
	if _, err := s.status(ctx); err == nil {
		return fmt.Errorf("service %s already exists", s.Name) // programs look for these words
	}
	spec, err := s.spec()
	if err != nil {
		return err
	}
	if _, err := (manager.Manager{}).Install(ctx, spec); err != nil {
		return err
	}
	if err := s.complete(); err != nil {
		_, undo := manager.Manager{Overwrite: true}.Uninstall(ctx, s.Name)
		return errors.Join(err, undo)
	}
	return nil
}

func (s scm) spec() (manager.Spec, error) {
	executable, err := s.executable()
	if err != nil {
		return manager.Spec{}, err
	}
	spec := manager.Spec{
		Name: s.Name, DisplayName: s.DisplayName, Description: s.Description,
		Executable: executable, Arguments: s.Arguments,
		DependsOn: s.Dependencies, Recovery: manager.DefaultRecovery(),
		PreShutdownTimeout: stopTimeout,
	}
	for name, value := range s.EnvVars {
		spec.Env = append(spec.Env, name+"="+value)
	}
	switch kind := value(s.Option, StartType, ServiceStartAutomatic); {
	case kind == ServiceStartManual:
		spec.StartType = manager.Manual
	case kind == ServiceStartDisabled:
		spec.StartType = manager.Disabled
	case kind != ServiceStartAutomatic:
		return spec, fmt.Errorf("option %s: %q: give %q, %q or %q", StartType, kind, ServiceStartAutomatic, ServiceStartManual, ServiceStartDisabled)
	case value(s.Option, "DelayedAutoStart", false):
		spec.StartType = manager.Delayed
	}
	switch value(s.Option, OnFailure, "") {
	case "": // the original set nothing then, although it documented "restart"
	case OnFailureNoAction, OnFailureReboot: // complete does the latter
		spec.Recovery = manager.Recovery{}
	default:
		spec.Recovery = manager.Recovery{Delays: []time.Duration{s.Option.delay()}, ResetAfter: s.resetPeriod(), OnNonCrash: true}
	}
	return spec, nil
}

func (s scm) resetPeriod() time.Duration {
	return time.Duration(value(s.Option, OnFailureResetPeriod, 10)) * time.Second
}

// complete does what service/manager doesn't do: the account, a reboot upon failure, the source of events.
func (s scm) complete() error {
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer func() { _ = m.Disconnect() }()
	service, err := m.OpenService(s.Name)
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	if s.UserName != "" {
		if err := s.account(service.Handle); err != nil {
			return err
		}
	}
	if value(s.Option, OnFailure, "") == OnFailureReboot {
		action := mgr.RecoveryAction{Type: mgr.ComputerReboot, Delay: s.Option.delay()}
		if err := service.SetRecoveryActions([]mgr.RecoveryAction{action}, uint32(s.resetPeriod()/time.Second)); err != nil {
			return fmt.Errorf("setting %s to reboot for %s: %w", OnFailure, s.Name, err)
		}
	}
	err = eventlog.InstallAsEventCreate(s.Name, eventlog.Error|eventlog.Warning|eventlog.Info)
	if err != nil && !strings.Contains(err.Error(), "exists") { // x/sys has no error value for it
		return fmt.Errorf("making %s a source of the event log: %w", s.Name, err)
	}
	return nil
}

// account sets who the service runs as. The password goes to the SCM alone.
func (s scm) account(service windows.Handle) error {
	name, err := windows.UTF16PtrFromString(s.UserName)
	if err != nil {
		return fmt.Errorf("UserName %q: %w", s.UserName, err)
	}
	var password *uint16 // null for accounts without: LocalSystem, virtual and managed ones
	if secret := value(s.Option, "Password", ""); secret != "" {
		if password, err = windows.UTF16PtrFromString(secret); err != nil {
			return errors.New("option Password: has a NUL")
		}
	}
	const keep = windows.SERVICE_NO_CHANGE
	if err := windows.ChangeServiceConfig(service, keep, keep, keep, nil, nil, nil, nil, name, password, nil); err != nil {
		return fmt.Errorf("setting the account of %s to %s: %w (is the name DOMAIN\\user, and the password right?)", s.Name, s.UserName, err)
	}
	return nil
}

func (s scm) uninstall(ctx context.Context) error {
	status, err := manager.Manager{}.Status(ctx, s.Name)
	if err != nil {
		return err
	}
	if status.PID == os.Getpid() {
		err = s.leave() // to wait for its own end would be to wait for ever
	} else {
		_, err = manager.Manager{Overwrite: true}.Uninstall(ctx, s.Name)
	}
	if err != nil {
		return err
	}
	// The source is gone where the installer removed it already, or somebody else did.
	if err := eventlog.Remove(s.Name); err != nil && !errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		return fmt.Errorf("removing %s from the sources of the event log: %w", s.Name, err)
	}
	return nil
}

// leave marks the service, which this process is, for deletion: it goes when the process has ended.
func (s scm) leave() error {
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer func() { _ = m.Disconnect() }()
	service, err := m.OpenService(s.Name)
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	return service.Delete()
}

func (s scm) start(ctx context.Context) error   { return manager.Manager{}.Start(ctx, s.Name) }
func (s scm) stop(ctx context.Context) error    { return manager.Manager{}.Stop(ctx, s.Name) }
func (s scm) restart(ctx context.Context) error { return manager.Manager{}.Restart(ctx, s.Name) }

func (s scm) status(ctx context.Context) (manager.State, error) {
	status, err := manager.Manager{}.Status(ctx, s.Name)
	return status.State, err
}

func (kv KeyValue) delay() time.Duration {
	if d, err := time.ParseDuration(value(kv, OnFailureDelayDuration, "")); err == nil {
		return d
	}
	return time.Second
}
