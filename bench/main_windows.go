// Command bench compares daruma with other supervisors. It measures through /proc, so it is for Linux only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: this benchmark runs on Linux only")
	os.Exit(2)
}
