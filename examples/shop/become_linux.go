package main

import (
	"fmt"
	"os"
	"syscall"
)

// become replaces this process by daruma, so that a terminal's Ctrl+C reaches daruma itself, once,
// and nothing stands between daruma and whoever waits for its exit code.
func become(program string, args []string) (int, error) {
	err := syscall.Exec(program, append([]string{program}, args...), os.Environ())
	return 1, fmt.Errorf("starting %s: %w", program, err)
}
