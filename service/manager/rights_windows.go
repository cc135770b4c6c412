package manager

import (
	"context"

	"golang.org/x/sys/windows"
)

func mayInstall(_ context.Context, m Manager, name string) error {
	s, err := openSCM(m, "installing", name, windows.SC_MANAGER_CONNECT|windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		return err
	}
	s.close()
	return nil
}

func mayControl(_ context.Context, m Manager, name string) error {
	s, err := openService(m, "controlling", name, windows.SERVICE_START|windows.SERVICE_STOP)
	if err != nil {
		return err
	}
	s.close()
	return nil
}
