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
func become(program string, args []string) (code int) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "shop: starting %s: %v\n", program, err)
		return 1
	}
	return 0
}
