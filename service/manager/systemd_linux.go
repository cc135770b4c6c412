package manager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

// unitDir is where the administrator's units are (systemd.unit(5), "Unit File Load Path"); it wins over the packages' ones.
const unitDir = "/etc/systemd/system"

// systemd is a connection to the system's manager for one call of this package.
type systemd struct {
	Manager
	conn    *dbus.Conn
	op      string // for errors
	name    string
	version int
}

func connect(ctx context.Context, m Manager, op, name string) (*systemd, error) {
	if err := checkName(name); err != nil {
		return nil, &Error{Op: op, Name: name, Kind: ErrInvalid, Cause: err}
	}
	// sd_booted(3): the folder is there exactly where systemd is the init system.
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return nil, &Error{Op: op, Name: name, Kind: ErrUnsupported, Detail: "this system wasn't booted with systemd",
			Remedy: "in a container, run the service itself: let the container's runtime start and restart it"}
	}
	conn, err := dbus.NewWithContext(ctx)
	if err != nil {
		return nil, &Error{Op: op, Name: name, Detail: "connecting to systemd over D-Bus", Cause: err,
			Remedy: "as root this works without the package dbus, for others it needs it"}
	}
	s := &systemd{Manager: m, conn: conn, op: op, name: name}
	text, err := conn.GetManagerProperty("Version")
	if err == nil {
		s.version, err = parseVersion(text)
	}
	if err != nil {
		conn.Close()
		return nil, s.fail("asking for systemd's version", err)
	}
	return s, nil
}

// parseVersion takes "257.13-1~deb13u1", "v254-rc1" and "systemd 239" with D-Bus's quotes around them.
func parseVersion(text string) (int, error) {
	digits := strings.TrimLeftFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if i := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = digits[:i]
	}
	return strconv.Atoi(digits)
}

func (s *systemd) unit() string  { return s.name + ".service" }
func (s *systemd) timer() string { return s.name + ".timer" }

// fail makes an *Error of what systemd answered.
func (s *systemd) fail(detail string, err error) error {
	e := &Error{Op: s.op, Name: s.name, Detail: detail, Cause: err}
	var answer godbus.Error
	if errors.Is(err, fs.ErrPermission) {
		e.Kind, e.Remedy = ErrRights, "run it as root, with sudo for example"
	}
	if !errors.As(err, &answer) {
		return e
	}
	switch answer.Name {
	case "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
		"org.freedesktop.PolicyKit1.Error.NotAuthorized", "org.freedesktop.PolicyKit1.Error.Failed":
		e.Kind, e.Remedy = ErrRights, "run it as root, with sudo for example"
	case "org.freedesktop.systemd1.NoSuchUnit":
		e.Kind = ErrNotInstalled
	case "org.freedesktop.systemd1.UnitMasked":
		e.Kind, e.Remedy = ErrDisabled, "the unit is masked: systemctl unmask "+s.unit()
	case "org.freedesktop.systemd1.OnlyByDependency":
		e.Kind, e.Remedy = ErrDisabled, "install it again with another start type"
	}
	return e
}

// needRights answers before anything is changed. The folder decides, not the user id: a container's root may lack the
// rights, and on an image-based system /etc may be read-only.
func (s *systemd) needRights() error {
	probe, err := os.CreateTemp(unitDir, ".daruma-*")
	if err != nil {
		return s.fail("writing to "+unitDir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// unitFileState is the answer of `systemctl is-enabled`, and where the unit's file is; both empty where there is no such unit.
func (s *systemd) unitFileState(ctx context.Context, unit string) (state, path string, err error) {
	files, err := s.conn.ListUnitFilesByPatternsContext(ctx, nil, []string{unit})
	if err != nil {
		return "", "", s.fail("looking for unit files", err)
	}
	for _, file := range files {
		if filepath.Base(file.Path) == unit {
			return file.Type, file.Path, nil
		}
	}
	return "", "", nil
}

// job runs one of systemd's jobs and waits for its end.
func (s *systemd) job(ctx context.Context, what string, begin func(context.Context, string, string, chan<- string) (int, error)) error {
	ended := make(chan string, 1) // never blocks the connection's reader
	if _, err := begin(ctx, s.unit(), "replace", ended); err != nil {
		return s.fail("", err)
	}
	result, err := await(ctx, s.Manager, what, ended)
	switch {
	case err != nil:
		return &Error{Op: s.op, Name: s.name, Detail: "systemd goes on with it", Cause: err}
	case result == "done" || result == "skipped":
		return nil
	case result == "assert":
		return &Error{Op: s.op, Name: s.name, Kind: ErrDisabled, Remedy: "install it again with another start type"}
	}
	return &Error{Op: s.op, Name: s.name, Kind: ErrFailed, Detail: s.why(ctx, result),
		Remedy: fmt.Sprintf("its last messages: journalctl -n 50 -u %s", s.unit())}
}

// why gives the reason why a job failed.
func (s *systemd) why(ctx context.Context, result string) string {
	switch result {
	case "canceled":
		return "another job for it took the place of this one"
	case "dependency":
		return "a unit that it needs failed"
	case "timeout":
		return "systemd's job timed out"
	}
	status, err := s.status(ctx)
	if err != nil {
		return "systemd's job: " + result
	}
	return status.Systemd.outcome()
}

// syncLinks brings what systemd linked to the disk: systemd itself doesn't, and a power cut right after an installation
// would leave a service that doesn't start at boot.
func syncLinks() error {
	for _, dir := range []string{"", "multi-user.target.wants", "timers.target.wants"} {
		if err := unitfile.SyncFolder(filepath.Join(unitDir, dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
