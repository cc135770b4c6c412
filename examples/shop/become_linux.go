package main

import (
	"fmt"
	"os"
	"syscall"
)

// become replaces this process by daruma, so that a terminal's Ctrl+C reaches daruma itself, once,
// and nothing stands between daruma and whoever waits for its exit code. It returns only where that failed.
func become(program string, args []string) (code int) {
	err := syscall.Exec(program, append([]string{program}, args...), os.Environ())
	fmt.Fprintf(os.Stderr, "shop: starting %s: %v\n", program, err)
	return 1
}
