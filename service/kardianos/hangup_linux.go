package service

import (
	"context"
	"os"
)

// hangup answers SIGHUP, which is left to the program: the original doesn't listen for it, many programs reload by it, and ReloadSignal
// sends it. But where a terminal is gone since the start, the signal says so, and it would have ended a program without a handler.
func (r *runner) hangup() func(context.Context) error {
	attended := hasTerminal()
	return func(context.Context) error {
		if attended && !hasTerminal() {
			r.host.Stopping()
		}
		return nil
	}
}

// hasTerminal reports whether the process has a controlling terminal that isn't closed: otherwise /dev/tty can't be opened (tty(4)).
func hasTerminal() bool {
	terminal, err := os.Open("/dev/tty")
	if err == nil {
		_ = terminal.Close()
	}
	return err == nil
}
