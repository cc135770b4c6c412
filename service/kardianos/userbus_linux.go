package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// userBus connects to the systemd of the user who runs this: to its own socket, as systemctl --user does, which needs no
// bus of the session; then, where that isn't there, over such a bus.
func userBus(ctx context.Context) (*dbus.Conn, error) {
	folder := os.Getenv("XDG_RUNTIME_DIR")
	if folder == "" { // what pam_systemd(8) sets, and sudo takes away
		folder = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	conn, err := dbus.NewConnection(func() (*godbus.Conn, error) {
		c, err := godbus.Dial("unix:path="+filepath.Join(folder, "systemd/private"), godbus.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		if err := c.Auth([]godbus.Auth{godbus.AuthExternal(strconv.Itoa(os.Getuid()))}); err != nil {
			_ = c.Close()
			return nil, err
		}
		return c, nil // no Hello: there is no bus in between
	})
	if err == nil {
		return conn, nil
	}
	if conn, busErr := dbus.NewUserConnectionContext(ctx); busErr == nil {
		return conn, nil
	}
	return nil, fmt.Errorf("connecting to the user's systemd: %w (is the user logged in, or loginctl enable-linger set?)", err)
}
