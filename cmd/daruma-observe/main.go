// Command daruma-observe is the observer: daruma observe runs it. It is an executable of its own so that what it needs (the client library of
// Prometheus, protocol buffers) isn't in the keepers and supervisors of everybody.
package main

import (
	"os"

	"github.com/daruma-sh/daruma/internal/observe/command"
)

func main() { os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr)) }
