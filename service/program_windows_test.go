package service

import (
	"context"

	"golang.org/x/sys/windows"
)

// systemProgram makes s one of those test services that only this system can have; false where there is no such.
func systemProgram(s *Service, program string, note func(string, ...any)) bool {
	if program != "interrupted" {
		return false
	}
	s.Run = func(ctx context.Context, host *Host) error {
		host.Ready()
		note("in %v", host.Environment())
		// To everybody in this console, which is ours alone.
		if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
			return err
		}
		<-ctx.Done()
		note("cause: %v", context.Cause(ctx))
		return nil
	}
	return true
}
