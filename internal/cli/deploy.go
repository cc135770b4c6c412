package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/release/deploy"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// deployFlags are those of `daruma deploy`.
type deployFlags struct {
	settings         deploy.Settings
	minReady         float64
	progressDeadline float64
	hookTimeout      time.Duration
	minFree          uint64 // MiB
	unsigned         bool
	keys             []string
	dryRun           bool
}

func newDeploy(std IO) *cobra.Command {
	var f deployFlags
	cmd := &cobra.Command{
		Use:   "deploy FILE",
		Short: "Put a release in force; it goes back by itself where it doesn't stay up",
		Long: `Put the release in the package FILE in force, and keep it where it comes up and stays up; otherwise the release before comes back by
itself, with the reason. Each step is written down before it is taken, so that a deploy that is cut off is known, and settled by the next.

  verify   signature, system, processor, version, definition; nothing is unpacked before
  unpack   beside the current release, which runs on; the machine's own conf/ over the package's defaults
  before   the release's hooks/before is run (Windows: hooks/before.cmd); where it fails, nothing was changed
  backup   what the definition's backup names is copied; where that fails, nothing was changed
  switch   the service takes the new definition; its programs are restarted
  gate     every program must be ready for --min-ready-seconds without a fall
  keep     or go back: the fallen release is barred, and neither a boot nor a deploy brings it back unless --again says so

The service is the one that the package names. Where it doesn't run yet, the release is put in place, unproven, and the answer says how to
start it. Whose releases are taken is said at the first deploy (--key), or when the service is installed (daruma install --key).
Exit codes: 0 kept, 1 it went back or something failed, 2 refused: nothing was changed.`,
		Example: `  daruma deploy shop-1.4.0-linux-amd64.zip --dry-run
  daruma deploy shop-1.4.0-linux-amd64.zip
  daruma deploy shop-1.4.0-linux-amd64.zip --key release.key.pub      the first
  daruma deploy shop-1.4.0-linux-amd64.zip --unsigned --min-ready-seconds 30`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), std, args[0]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.unsigned, "unsigned", false, "take a package without a signature, or where no key is trusted yet")
	flags.StringArrayVar(&f.keys, "key", nil, "a public key of minisign, or its file, that is trusted from now on, where the service has none yet; may be repeated")
	flags.BoolVar(&f.settings.Downgrade, "downgrade", false, "take a release that is older than the current one")
	flags.BoolVar(&f.settings.Again, "again", false, "take a release that has fallen here")
	flags.BoolVar(&f.dryRun, "dry-run", false, "verify, and say what would be done, without doing it")
	flags.Float64Var(&f.minReady, "min-ready-seconds", 5, "how long every program must be ready without a fall")
	flags.Float64Var(&f.progressDeadline, "progress-deadline-seconds", 600, "how long that may take altogether")
	flags.IntVar(&f.settings.HistoryLimit, "revision-history-limit", 10, "how many releases stay on the disk")
	flags.DurationVar(&f.settings.MaxAge, "max-age", 0, "remove releases that were last deployed longer ago than that, as 2160h; 0: none")
	flags.Uint64Var(&f.minFree, "min-free-mib", 64, "how much of the disk stays free, in MiB; old releases are removed for it")
	flags.DurationVar(&f.hookTimeout, "hook-timeout", 10*time.Minute, "how long hooks/before may take")
	return cmd
}

// seconds checks a number of seconds from the command line.
func seconds(flag string, value, from, to float64) (time.Duration, error) {
	if !(value >= from && value <= to) {
		return 0, &exitError{code: ExitUsage, err: fmt.Errorf("--%s must be from %v to %v, is %v", flag, from, to, value)}
	}
	return time.Duration(value * float64(time.Second)), nil
}

func (f *deployFlags) run(ctx context.Context, std IO, file string) error {
	var err error
	if f.settings.MinReady, err = seconds("min-ready-seconds", f.minReady, 0.1, 3600); err != nil {
		return err
	}
	if f.settings.ProgressDeadline, err = seconds("progress-deadline-seconds", f.progressDeadline, 0.1, 86400); err != nil {
		return err
	}
	if f.settings.ProgressDeadline <= f.settings.MinReady {
		return &exitError{code: ExitUsage, err: errors.New("--progress-deadline-seconds must be more than --min-ready-seconds")}
	}
	if f.settings.HistoryLimit < 2 || f.hookTimeout <= 0 {
		return &exitError{code: ExitUsage, err: errors.New("--revision-history-limit must be 2 or more, and --hook-timeout more than 0")}
	}
	if f.settings.MaxAge < 0 || f.minFree > 1<<30 {
		return &exitError{code: ExitUsage, err: errors.New("--max-age must be 0 or more, and --min-free-mib at most 1073741824")}
	}
	f.settings.MinFree = f.minFree << 20
	f.settings.HookTimeout, f.settings.Who = f.hookTimeout, operate.UserName()
	keys, err := store.NamedKeys(f.keys)
	if err != nil {
		return &exitError{code: ExitUsage, err: fmt.Errorf("--key: %w", err)}
	}
	candidate, err := deploy.OpenCandidate(file, releaseRoot, deploy.Trust{Unsigned: f.unsigned, Keys: keys})
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	defer candidate.Close()
	service := candidate.Package.Manifest.Name
	if f.dryRun {
		return f.rehearse(ctx, std, candidate, service)
	}
	if candidate.SignedBy == "" {
		fmt.Fprintln(std.Err, "warning: the package's signature isn't verified, as --unsigned asks")
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // what is under way goes back, then
	defer stop()
	defer outliveReaders()()
	d, err := openDeployer(std, service, f.settings)
	if err != nil {
		return err
	}
	defer d.Store.Close()
	if err := d.Settle(ctx); err != nil && !isFallen(err) {
		return deployFailure(std, service, err)
	}
	plan, err := deploy.Prepare(ctx, candidate, &d.Store.State, d.Supervisor, f.settings)
	if err != nil {
		return deployFailure(std, service, err)
	}
	if err := describePlan(std, plan); err != nil {
		return printed(err)
	}
	more := takesInstall(d.Root, plan)
	if err := d.Run(ctx, candidate, plan); err != nil {
		return deployFailure(std, service, err)
	}
	if more != "" {
		fmt.Fprintln(std.Err, "daruma: "+more)
	}
	if !plan.Running {
		return printed(printLine(std.Out, "%s %s is in place; the service doesn't run, so nobody has seen it work. Start it: %s",
			service, plan.Version, startOf(service, d.Root)))
	}
	return printed(printLine(std.Out, "%s %s is kept", service, plan.Version))
}

// startOf is the command that starts a service which was deployed and doesn't run.
func startOf(service, root string) string {
	installed, err := record.Load(root)
	switch {
	case err == nil && installed.Definition == store.Definition(root):
		return "daruma start " + service
	case err == nil: // from another definition
		return "daruma install " + service + " --now"
	}
	return "daruma run " + store.Definition(root) + " (or daruma install " + service + " --now, which makes it start at boot)"
}

// takesInstall says what of the new definition a deploy doesn't tell the service manager; "": nothing.
func takesInstall(root string, plan *deploy.Plan) string {
	if installed, err := record.Load(root); err != nil || installed.Definition != store.Definition(root) {
		return ""
	}
	before, err := definition.Load(store.Definition(root), deploy.Variable)
	if err != nil {
		return ""
	}
	fields, err := install.TakesInstall(before, plan.Definition)
	if err != nil || len(fields) == 0 {
		return ""
	}
	return fmt.Sprintf("the service manager hasn't been told what the release changes of %s: daruma install %s does", strings.Join(fields, ", "), plan.Service)
}

// outliveReaders has this process go on where nobody reads its output any more, until it is called back: a connection that breaks in the
// middle ends an ssh session's pipes, and writing to one would end the process (SIGPIPE) with the release neither kept nor taken back.
func outliveReaders() (callBack func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE) // not Ignore, which hooks would inherit
	return func() { signal.Stop(broken) }
}

func isFallen(err error) bool {
	fallen := (*deploy.FallenError)(nil)
	return errors.As(err, &fallen)
}

// rehearse says what would be done, and inflates every file once.
func (f *deployFlags) rehearse(ctx context.Context, std IO, c *deploy.Candidate, service string) error {
	client, err := control.Dial(service)
	if err != nil {
		return clientFailure(service, err)
	}
	state, err := store.Look(c.Root)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if state.Deploy != nil {
		fmt.Fprintf(std.Err, "warning: %s is under way, or was interrupted: the next deploy settles it first\n", state.Deploy.What())
	}
	plan, err := deploy.Prepare(ctx, c, state, client, f.settings)
	if err == nil {
		err = c.Package.Check()
	}
	if err != nil {
		return deployFailure(std, service, err)
	}
	if err := describePlan(std, plan); err != nil {
		return printed(err)
	}
	return printed(printLine(std.Out, "nothing was changed (--dry-run)"))
}

// describePlan says what is about to be done.
func describePlan(std IO, plan *deploy.Plan) error {
	from := plan.From
	if from == "" {
		from = "no release"
	}
	lines := []string{fmt.Sprintf("%s: from %s to %s, %s", plan.Service, from, plan.Version, listPrograms(plan.Programs))}
	for _, c := range plan.Conf {
		lines = append(lines, "  "+c.String())
	}
	if b := &plan.Definition.Backup; !b.None() && plan.From != "" {
		lines = append(lines, "  backup: "+strings.Join(append(slices.Clone(b.Paths), strings.Join(b.Command, " ")), " "))
	}
	for _, line := range lines {
		if err := printLine(std.Out, "%s", line); err != nil {
			return err
		}
	}
	return nil
}

// releaseRoot is the config folder of a service.
func releaseRoot(service string) (string, error) {
	place, err := folders.Of(service)
	if err != nil {
		return "", err
	}
	if os.Geteuid() == 0 { // on Windows it is -1: there the access lists are what install has set
		if _, err := os.Lstat(place.Config); err == nil {
			return place.Config, access.ExposedToOthers(place.Config, service)
		}
	}
	return place.Config, nil
}

// openDeployer takes the releases of a service.
func openDeployer(std IO, service string, settings deploy.Settings) (*deploy.Deployer, error) {
	place, err := folders.Of(service)
	if err == nil {
		err = access.MakeConfig(service, place)
	}
	if err == nil {
		_, err = releaseRoot(service)
	}
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	client, err := control.Dial(service)
	if err != nil {
		return nil, clientFailure(service, err)
	}
	s, err := store.Open(place.Config)
	if err != nil {
		return nil, &exitError{code: ExitFailed, err: err}
	}
	say := func(format string, arg ...any) { _ = printLine(std.Err, "daruma: "+format, arg...) }
	return &deploy.Deployer{Store: s, Root: place.Config, Supervisor: client, Settings: settings, Output: screen.Guard(std.Err), Say: say,
		Readable: install.LetRead(service, place)}, nil
}

// deployFailure gives an error of a deploy its exit code, and shows the last words of what fell.
func deployFailure(std IO, service string, err error) error {
	var refused *deploy.RefusedError
	var fallen *deploy.FallenError
	switch {
	case errors.As(err, &refused):
		return &exitError{code: ExitUsage, err: err}
	case errors.As(err, &fallen) && len(fallen.LastOutput) > 0:
		fmt.Fprintln(std.Err, "its last output:")
		for _, line := range fallen.LastOutput {
			fmt.Fprintln(std.Err, "  "+strings.TrimRight(plaintext.Line(line), " "))
		}
	}
	return &exitError{code: ExitFailed, err: fmt.Errorf("%s: %w", service, err)}
}
