package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
)

// become runs daruma and ends with its exit code: Windows can't replace a running process.
//
// The console sends Ctrl+C to every process in it, so daruma gets its own; this one only has to outlive it.
// The event is caught, not ignored: an ignored Ctrl+C is inherited, and daruma would never see it.
func become(program string, args []string) (int, error) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("starting %s: %w", program, err)
	}
	return 0, nil
}
