package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/migrate/takeover"
	"github.com/spf13/cobra"
)

// takeoverFlags are the flags of import nssm that change the system.
type takeoverFlags struct {
	replace, undo, dryRun bool
	definition            string
	timeout               time.Duration
	password              passwordFlags
}

func (f *takeoverFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.replace, "replace", false, "make the service NAME daruma's, and NSSM's again where it doesn't get ready")
	flags.BoolVar(&f.undo, "undo", false, "give the service NAME back to NSSM, as it was before --replace")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "with --replace and --undo: show what would be done, change nothing")
	flags.StringVar(&f.definition, "definition", "", "with --replace: take this definition, instead of converting NSSM's settings")
	flags.DurationVar(&f.timeout, "timeout", 2*time.Minute, "with --replace: until it must be ready")
	f.password.register(cmd)
}

// check refuses flags that don't go together.
func (f *takeoverFlags) check(cmd *cobra.Command, all bool) error {
	given := ""
	for _, name := range []string{"dry-run", "definition", "timeout", "password-file", "password-env"} {
		if cmd.Flags().Changed(name) {
			given = name
		}
	}
	var err error
	switch on := f.replace || f.undo; {
	case f.replace && f.undo:
		err = errors.New("give --replace or --undo, not both")
	case on && all:
		err = errors.New("one service at a time: name it, instead of --all")
	case on && (cmd.Flags().Changed("output") || cmd.Flags().Changed("force")):
		err = errors.New("-o and --force are for writing definitions; with --replace the definition goes into the service's folder")
	case !on && given != "":
		err = fmt.Errorf("--%s is for --replace and --undo", given)
	case f.undo && f.definition != "":
		err = errors.New("--definition is for --replace")
	case f.timeout <= 0:
		err = errors.New("--timeout must be more than 0")
	}
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	return nil
}

// takeOver is import nssm NAME --replace or --undo.
func takeOver(ctx context.Context, std IO, service string, f takeoverFlags) error {
	if nssm.IsFile(service) {
		return &exitError{code: ExitUsage, err: fmt.Errorf("%s: --replace and --undo take the name of a service of this machine", service)}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl+C ends daruma as it does everywhere; the journal stays
	do := takeover.Replace
	if f.undo {
		do = takeover.Undo
	}
	return installFailure(std, do(ctx, service, takeover.Options{
		DryRun: f.dryRun, Definition: f.definition, Timeout: f.timeout, Password: f.password.source(std), Report: takeoverReporter{std},
	}))
}

// takeoverReporter prints what a takeover does, each line in one write.
type takeoverReporter struct{ std IO }

func (r takeoverReporter) Print(text string) error {
	_, err := fmt.Fprint(r.std.Out, text)
	return err
}

func (r takeoverReporter) Begin(doing string) (end func()) {
	return screen.Progress(r.std.Err, doing)
}

func (r takeoverReporter) Done(what string, took time.Duration) {
	_ = r.Print(fmt.Sprintf("  %s (%s)\n", what, screen.Seconds(float64(took.Milliseconds()))))
}
