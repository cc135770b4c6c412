// Keeper and supervisor need few threads however many processors there are: the runtime's look once a second at their number, and at the
// cgroup's, would only wake them.
//
//go:debug updatemaxprocs=0

// Command daruma keeps programs running.
package main

// The resources of daruma.exe: version, manifest and the texts of its events. A test tells when they are old.
//go:generate go run ../../internal/winres/generate ../../CHANGELOG.md .

import (
	"os"

	"github.com/daruma-sh/daruma/internal/cli"
	_ "github.com/daruma-sh/daruma/internal/confine" // its init closes keeper and supervisor to other processes
	_ "github.com/daruma-sh/daruma/internal/launch"  // its init is the launcher's main: this process ends there where it is one
)

func main() {
	if code, ok := cli.Role(os.Args[1:], os.Stderr); ok {
		os.Exit(code)
	}
	os.Exit(cli.Main(os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
