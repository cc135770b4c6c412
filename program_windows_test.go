package daruma

import (
	"context"
	"strings"

	"golang.org/x/sys/windows"
)

// systemProgram gives those of the test services that only this system can have, nil where there is none.
func systemProgram(name string, note func(string, ...any)) Func {
	if !strings.HasSuffix(name, "interrupted") {
		return nil
	}
	return func(ctx context.Context, host *Host) error {
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
}
