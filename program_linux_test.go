package daruma

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// systemProgram gives those of the test services that only this system can have, nil where there is none.
func systemProgram(name string, note func(string, ...any)) Func {
	if name != "parent" {
		return nil
	}
	return func(ctx context.Context, host *Host) error { return parent(ctx, host, note) }
}

// parent starts children of its own, for the reaper not to touch, and an orphan, for it to reap.
func parent(ctx context.Context, host *Host, note func(string, ...any)) error {
	own := exec.Command("sh", "-c", "exit 7") // a zombie until Wait
	if err := own.Start(); err != nil {
		return err
	}
	orphan, err := exec.Command("sh", "-c", "sleep 0.2 >/dev/null 2>&1 & echo $!").Output()
	if err != nil {
		return err
	}
	note("orphan %s own %d", strings.TrimSpace(string(orphan)), own.Process.Pid)
	host.Ready()
	<-ctx.Done()
	var status *exec.ExitError
	if err := own.Wait(); !errors.As(err, &status) || status.ExitCode() != 7 {
		return fmt.Errorf("the child's exit was stolen: %w", err)
	}
	return nil
}
