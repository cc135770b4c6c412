package manager

import "context"

func startService(ctx context.Context, m Manager, name string) error {
	s, err := connectInstalled(ctx, m, "starting", name)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	return s.job(ctx, name+" is starting", s.conn.StartUnitContext)
}

func stopService(ctx context.Context, m Manager, name string) error {
	s, err := connectInstalled(ctx, m, "stopping", name)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	return s.job(ctx, name+" is stopping", s.conn.StopUnitContext)
}

func restartService(ctx context.Context, m Manager, name string) error {
	s, err := connectInstalled(ctx, m, "restarting", name)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	return s.job(ctx, name+" is restarting", s.conn.RestartUnitContext)
}

// connectInstalled asks first whether there is such a service: a stop of a unit that doesn't exist is a success for systemd.
func connectInstalled(ctx context.Context, m Manager, op, name string) (*systemd, error) {
	s, err := connect(ctx, m, op, name)
	if err != nil {
		return nil, err
	}
	if _, err := s.status(ctx); err != nil {
		s.conn.Close()
		return nil, err
	}
	return s, nil
}
