package manager

import "context"

func enableService(ctx context.Context, m Manager, name string, start StartType) error {
	s, err := connect(ctx, m, "enabling", name)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	unit := s.unit()
	switch {
	case status.StartType == start:
		return nil
	case status.StartType == Disabled:
		return &Error{Op: s.op, Name: name, Kind: ErrInvalid, Detail: status.Systemd.UnitFileState + ": a link can't change that",
			Remedy: "install it again with start type " + start.String() + "; where it is masked, systemctl unmask " + unit}
	case start == Delayed:
		unit = s.timer()
	case start != Automatic:
		return &Error{Op: s.op, Name: name, Kind: ErrInvalid, Detail: start.String() + " isn't a matter of links", Remedy: "install it again"}
	}
	if err := s.needRights(); err != nil {
		return err
	}
	if _, _, err := s.conn.EnableUnitFilesContext(ctx, []string{unit}, false, true); err != nil {
		return s.fail("enabling "+unit, err)
	}
	if err := s.conn.ReloadContext(ctx); err != nil {
		return s.fail("having systemd read the unit's links", err)
	}
	return syncLinks()
}
