package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
	"github.com/daruma-sh/daruma/service/manager"
)

// units does the verbs upon systemd. service/manager does them for services of the system; it writes no unit files of
// others' making (SystemdScript, lines of [Unit]) and knows no users' managers, so that is done here.
type units struct {
	*Config
	user bool // UserService
}

func newUnits(c *Config) units { return units{c, value(c.Option, "UserService", false)} }

func (u units) unit() string { return u.Name + ".service" }

// path is where the unit file is.
func (u units) path() (string, error) {
	if !u.user {
		return filepath.Join("/etc/systemd/system", u.unit()), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".config/systemd/user", u.unit()), err
}

// failed adds to an error what failed and, where rights are missing, what to do.
func (u units) failed(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s %s: %w (run it as root, with sudo for example)", what, u.Name, err)
	}
	return fmt.Errorf("%s %s: %w", what, u.Name, err)
}

func (u units) connect(ctx context.Context) (*dbus.Conn, error) {
	if !booted() {
		return nil, fmt.Errorf("this system wasn't booted with systemd: run the program itself (%w)", manager.ErrUnsupported)
	}
	if err := manager.CheckName(u.Name); err != nil {
		return nil, err
	}
	if !u.user {
		return dbus.NewWithContext(ctx)
	}
	return userBus(ctx)
}

func (u units) install(ctx context.Context) error {
	conn, err := u.connect(ctx)
	if err != nil {
		return u.failed("installing", err)
	}
	defer conn.Close()
	path, err := u.path()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		//lint:ignore ST1005 the original's words, which programs look for
		return fmt.Errorf("Init already exists: %s", path)
	}
	text, err := u.unitText()
	if err != nil {
		return u.failed("installing", err)
	}
	if u.user {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return u.failed("installing", err)
		}
	}
	if err := unitfile.Write(path, text); err != nil {
		return u.failed("installing", err)
	}
	if err := u.enable(ctx, conn); err != nil {
		return errors.Join(u.failed("installing", err), os.Remove(path), conn.ReloadContext(context.WithoutCancel(ctx)))
	}
	return nil
}

// enable has systemd read the unit and start it at boot.
func (u units) enable(ctx context.Context, conn *dbus.Conn) error {
	if err := conn.ReloadContext(ctx); err != nil {
		return err
	}
	// systemd reports a unit that it can't read only when asked for its state.
	if state, err := conn.GetUnitPropertyContext(ctx, u.unit(), "LoadState"); err != nil {
		return err
	} else if text, _ := state.Value.Value().(string); text != "loaded" {
		return fmt.Errorf("systemd doesn't take the unit file (LoadState %s): systemd-analyze verify shows why", text)
	}
	if _, _, err := conn.EnableUnitFilesContext(ctx, []string{u.unit()}, false, true); err != nil {
		return err
	}
	return conn.ReloadContext(ctx)
}

// uninstall doesn't stop a service that uninstalls itself: it would be ended in the middle.
func (u units) uninstall(ctx context.Context) error {
	if !u.user {
		status, err := manager.Manager{}.Status(ctx, u.Name)
		if err != nil {
			return err
		}
		if status.PID != os.Getpid() { // package manager knows about its children
			_, err := manager.Manager{Overwrite: true}.Uninstall(ctx, u.Name)
			return err
		}
	}
	conn, err := u.connect(ctx)
	if err != nil {
		return u.failed("uninstalling", err)
	}
	defer conn.Close()
	path, err := u.path()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return manager.ErrNotInstalled
	}
	if _, err := conn.DisableUnitFilesContext(ctx, []string{u.unit()}, false); err != nil {
		return u.failed("uninstalling", err)
	}
	if err := os.Remove(path); err != nil {
		return u.failed("uninstalling", err)
	}
	return conn.ReloadContext(ctx)
}

func (u units) start(ctx context.Context) error {
	if !u.user {
		return manager.Manager{}.Start(ctx, u.Name)
	}
	return u.job(ctx, "starting", (*dbus.Conn).StartUnitContext)
}

func (u units) stop(ctx context.Context) error {
	if !u.user {
		return manager.Manager{}.Stop(ctx, u.Name)
	}
	return u.job(ctx, "stopping", (*dbus.Conn).StopUnitContext)
}

func (u units) restart(ctx context.Context) error {
	if !u.user {
		return manager.Manager{}.Restart(ctx, u.Name)
	}
	return u.job(ctx, "restarting", (*dbus.Conn).RestartUnitContext)
}

// job has a user's systemd do something and waits for the end of it.
func (u units) job(ctx context.Context, what string, do func(*dbus.Conn, context.Context, string, string, chan<- string) (int, error)) error {
	if _, err := u.status(ctx); errors.Is(err, manager.ErrNotInstalled) {
		return err
	}
	conn, err := u.connect(ctx)
	if err != nil {
		return u.failed(what, err)
	}
	defer conn.Close()
	ended := make(chan string, 1)
	if _, err := do(conn, ctx, u.unit(), "replace", ended); err != nil {
		return u.failed(what, err)
	}
	select {
	case result := <-ended:
		if result != "done" && result != "skipped" {
			return fmt.Errorf("%s %s: systemd's job: %s (journalctl --user -n 50 -u %s shows its last messages)", what, u.Name, result, u.unit())
		}
		return nil
	case <-ctx.Done():
		return u.failed(what, context.Cause(ctx))
	}
}

func (u units) status(ctx context.Context) (manager.State, error) {
	if !u.user {
		status, err := manager.Manager{}.Status(ctx, u.Name)
		return status.State, err
	}
	conn, err := u.connect(ctx)
	if err != nil {
		return "", u.failed("asking for", err)
	}
	defer conn.Close()
	list, err := conn.ListUnitsByNamesContext(ctx, []string{u.unit()})
	if err != nil {
		return "", u.failed("asking for", err)
	}
	if len(list) == 0 || list[0].LoadState == "not-found" {
		return "", manager.ErrNotInstalled
	}
	switch list[0].ActiveState {
	case "active", "reloading", "activating":
		return manager.Running, nil
	case "failed":
		return manager.Failed, nil
	}
	return manager.Stopped, nil
}
