package manager

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/service/internal/unitfile"
)

func serviceStatus(ctx context.Context, m Manager, name string) (Status, error) {
	s, err := connect(ctx, m, "asking for", name)
	if err != nil {
		return Status{}, err
	}
	defer s.conn.Close()
	return s.status(ctx)
}

func (s *systemd) status(ctx context.Context) (Status, error) {
	properties, err := s.conn.GetAllPropertiesContext(ctx, s.unit())
	if err != nil {
		return Status{}, s.fail("", err)
	}
	d := &Systemd{
		LoadState:      property(properties, "LoadState"),
		ActiveState:    property(properties, "ActiveState"),
		SubState:       property(properties, "SubState"),
		Result:         property(properties, "Result"),
		UnitFileState:  property(properties, "UnitFileState"),
		FragmentPath:   property(properties, "FragmentPath"),
		ExecMainCode:   number(properties, "ExecMainCode"),
		ExecMainStatus: number(properties, "ExecMainStatus"),
		NRestarts:      number(properties, "NRestarts"),
		Version:        strconv.Itoa(s.version),
	}
	d.DropInPaths, _ = properties["DropInPaths"].([]string)
	d.NeedReload, _ = properties["NeedDaemonReload"].(bool)
	if d.LoadState == "not-found" {
		return Status{}, &Error{Op: s.op, Name: s.name, Kind: ErrNotInstalled}
	}
	status := Status{
		Name: s.name, State: unitState(d), PID: number(properties, "MainPID"), Text: property(properties, "StatusText"), Systemd: d,
	}
	if usec := number(properties, "StateChangeTimestamp"); usec > 0 {
		status.Since = time.UnixMicro(int64(usec))
	}
	status.StartType, err = s.startType(ctx, d)
	return status, err
}

// unitState translates systemd's state.
func unitState(d *Systemd) State {
	switch d.ActiveState {
	case "active":
		return Running
	case "reloading", "refreshing":
		return Reloading
	case "activating":
		if d.SubState == "auto-restart" || d.SubState == "auto-restart-queued" {
			return Restarting
		}
		return Starting
	case "deactivating":
		return Stopping
	case "failed":
		return Failed
	}
	return Stopped
}

// startType is what will happen at boot. Links decide that, also those that somebody else has made, and not the text of the file.
func (s *systemd) startType(ctx context.Context, d *Systemd) (StartType, error) {
	if d.UnitFileState == "masked" || d.UnitFileState == "masked-runtime" {
		return Disabled, nil
	}
	text, err := os.ReadFile(d.FragmentPath)
	if err != nil {
		text = nil // without the file the links are left
	}
	if unitfile.Parse(string(text)).Get("X-Daruma", "StartType") == Disabled.String() {
		return Disabled, nil
	}
	if d.UnitFileState == "enabled" || d.UnitFileState == "enabled-runtime" {
		return Automatic, nil
	}
	state, _, err := s.unitFileState(ctx, s.timer())
	if state == "enabled" || state == "enabled-runtime" {
		return Delayed, err
	}
	return Manual, err
}

// number takes the integers of D-Bus, whatever their size and sign.
func number(properties map[string]any, name string) int {
	switch n := properties[name].(type) {
	case int32:
		return int(n)
	case uint32:
		return int(n)
	case int64:
		return int(n)
	case uint64:
		return int(n)
	}
	return 0
}
