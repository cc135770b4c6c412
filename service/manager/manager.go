// Package manager controls the operating system's service manager: the Service Control Manager (SCM) on Windows, systemd
// over D-Bus on Linux. It installs, changes, removes, starts, stops and reads one service at a time.
//
// It promises: nothing is changed before it is sure that the rights are there. A change is read back after it was written. A second
// Install changes only what differs, and lists it. Every wait ends with the context, and one that lasts over a second is reported to
// Manager.Progress.
//
// Package service (verbs of a program that is a service itself) and the command line of daruma use it. On other systems every call
// returns ErrUnsupported.
package manager

import "context"

// Manager is the way to control the service manager. The zero value is ready to use. A Manager holds no connection
// between calls and may be used from several goroutines.
type Manager struct {
	// Progress, where set, is called once a second during a wait that lasts longer than that, in the goroutine that waits.
	Progress func(Progress)

	// Overwrite allows Install and Uninstall to touch a service of the same name that somebody else installed: a unit
	// file without daruma's mark, a Windows service of another executable.
	Overwrite bool
}

// Install creates the service, or changes in place what differs from spec, and lists that. The service isn't
// started, and one that runs is not restarted: it keeps the old settings until then, and Changes.Remarks says so.
//
// Errors: ErrInvalid, ErrRights, ErrForeign, ErrMarkedForDeletion (Windows), ErrUnsupported. After an error a service that
// was to be created isn't there, and a unit file is what it was.
func (m Manager) Install(ctx context.Context, spec Spec) (Changes, error) {
	return m.install(ctx, spec, false)
}

// Plan lists what Install would change, and changes nothing. Everybody may call it.
func (m Manager) Plan(ctx context.Context, spec Spec) (Changes, error) {
	return m.install(ctx, spec, true)
}

func (m Manager) install(ctx context.Context, spec Spec, dryRun bool) (Changes, error) {
	if err := spec.Check(); err != nil {
		return Changes{}, &Error{Op: "installing", Name: spec.Name, Kind: ErrInvalid, Cause: err}
	}
	return installService(ctx, m, spec, dryRun)
}

// Uninstall stops the service, waits for its end, and removes what Install made. Files of the service's own are left,
// and so are drop-ins of the administrator (Linux). Where Windows only marks the service for deletion, because another
// program holds it open, Uninstall waits up to 30 s for it to go, then returns ErrMarkedForDeletion.
//
// Errors: ErrNotInstalled, ErrRights, ErrForeign, ErrMarkedForDeletion, ErrUnsupported.
func (m Manager) Uninstall(ctx context.Context, name string) (Changes, error) {
	return uninstallService(ctx, m, name)
}

// Start starts the service and waits until it runs: on systemd until it is ready. A service that runs already is no error.
//
// Errors: ErrNotInstalled, ErrRights, ErrDisabled, ErrFailed (it didn't start; the text has its exit code),
// ErrUnsupported, the context's own.
func (m Manager) Start(ctx context.Context, name string) error { return startService(ctx, m, name) }

// Stop stops the service and waits until its process has ended. A service that doesn't run is no error. On Windows a
// service that others depend on isn't stopped while those run; the error names them.
//
// Errors: ErrNotInstalled, ErrRights, ErrFailed, ErrUnsupported, the context's own.
func (m Manager) Stop(ctx context.Context, name string) error { return stopService(ctx, m, name) }

// Restart stops the service where it runs, and starts it. Errors are those of Stop and Start.
//
// A service may restart itself. Its process may end before Restart returns: systemd's restart is a job that goes on, and on Windows the
// process starts the service again as the last thing it does, provided that it is run by package service (Main, Run) or its drop-in.
func (m Manager) Restart(ctx context.Context, name string) error {
	return restartService(ctx, m, name)
}

// Status reads the service's state. Everybody may. Errors: ErrNotInstalled, ErrUnsupported.
func (m Manager) Status(ctx context.Context, name string) (Status, error) {
	return serviceStatus(ctx, m, name)
}

// Enable sets the start type of an installed service, and nothing else. On systemd only links are changed: so the start type can become
// automatic or delayed. A unit that was installed as disabled, or is masked, is an error with the remedy.
//
// Errors: ErrNotInstalled, ErrRights, ErrForeign, ErrInvalid, ErrUnsupported.
func (m Manager) Enable(ctx context.Context, name string, start StartType) error {
	return enableService(ctx, m, name, start)
}
