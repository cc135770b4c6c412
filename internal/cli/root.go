// Package cli is the command line: one file per verb, wired here.
package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/version"
)

// Exit codes of every verb.
const (
	ExitDone       = 0
	ExitFailed     = 1
	ExitUsage      = 2 // wrong usage or a wrong definition
	ExitNotRunning = 3
)

// IO is where a verb reads and writes; a test gives buffers.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
}

// guarded keeps terminals from obeying what others wrote.
func (std IO) guarded() IO {
	std.Out, std.Err = screen.Guard(std.Out), screen.Guard(std.Err)
	return std
}

// Main runs the verb that args name and gives the exit code of the process.
func Main(args []string, std IO) int {
	std = std.guarded()
	root := newRoot(std)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return ExitDone
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if !exit.silent {
			fmt.Fprintf(std.Err, "daruma: %v\n", exit.err)
		}
		return exit.code
	}
	fmt.Fprintf(std.Err, "daruma: %v\n", err)
	return ExitUsage // what cobra itself refuses: unknown verbs, flags, wrong number of arguments
}

// Command is daruma's command line as a tree, for what is made of it: manual pages and completions. It isn't to be executed.
func Command() *cobra.Command {
	return newRoot(IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
}

func newRoot(std IO) *cobra.Command {
	root := &cobra.Command{
		Use:   "daruma",
		Short: "Keeps programs running: from boot, through crashes, hangs and the death of daruma itself",
		Example: `  daruma run                    supervise the programs of ./daruma.yaml in this terminal
  daruma install --now          make them a service that starts at boot, and start it
  daruma status                 what runs
  daruma help definition        what stands in a definition`,
		Version:       version.Read().String(), // without SetVersionTemplate: text/template would keep the linker from leaving out 2 MB of methods
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	for _, g := range groups(std) {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, verb := range g.verbs {
			verb.GroupID = g.id
			root.AddCommand(verb)
		}
	}
	root.AddCommand(topics()...)
	return root
}
