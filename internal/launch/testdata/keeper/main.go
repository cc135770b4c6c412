// Command keeper starts "true" under a small address space: a launcher as it is shipped. A test binary built with -race
// can't be one here; the race detector maps memory all the time.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/daruma-sh/daruma/internal/launch"
)

func main() {
	p := launch.Plan{Path: "/bin/true", Argv: []string{"true"}, UID: launch.Leave, GID: launch.Leave}
	for i := range 15 { // 15 × 120 KB: near the 2 MB that a stack of 8 MB allows
		p.Env = append(p.Env, fmt.Sprintf("V%d=%s", i, strings.Repeat("x", 120_000)))
	}
	p.Rlimits = []launch.Rlimit{
		{Name: "as", Soft: 32 << 20, Hard: launch.Unlimited},
		{Name: "data", Soft: 16 << 20, Hard: launch.Unlimited},
	}
	started, err := launch.Start(p, launch.Attachments{Stdio: [3]uintptr{0, 1, 2}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(started.PID, &status, 0, nil); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if _, err := started.Outcome(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(status.ExitStatus())
}
