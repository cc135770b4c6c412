package manager

import "context"

func mayInstall(ctx context.Context, m Manager, name string) error {
	s, err := connect(ctx, m, "installing", name)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	return s.needRights()
}

func mayControl(ctx context.Context, m Manager, name string) error {
	s, err := connectInstalled(ctx, m, "controlling", name)
	if err != nil {
		return err
	}
	s.conn.Close()
	return nil
}
