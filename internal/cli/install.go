package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/release/store"
	"github.com/daruma-sh/daruma/service/manager"
)

// installFlags are what install may be given.
type installFlags struct {
	output *format

	displayName, description, startType, account, workingDir string
	dependsOn, env, privileges, keys                         []string
	startTimeout, stopTimeout                                time.Duration

	password passwordFlags

	dryRun, now, overwrite bool
}

func newInstall(std IO) *cobra.Command {
	var f installFlags
	cmd := &cobra.Command{
		Use:   "install [FILE] | install NAME -- COMMAND…",
		Short: "Make it a service of the operating system, which starts at boot",
		Long: `Registers a definition as a service of Windows or systemd. FILE is a definition; without it ./daruma.yaml is taken. The
definition stays where it is: edit it there, then daruma reload NAME. With NAME -- COMMAND… a definition is written for that
one program, into the service's folder. FILE may also be an observe.yaml (see daruma observe): then the observer becomes the
service daruma-observe.

Installing again changes in place what differs, and shows it; --dry-run shows it and changes nothing. The flags that say what a
definition can say too (--start-type, --account …) count instead of it, for this installation; with NAME -- COMMAND… they are
written into the definition.

Refused, before anything is changed: files that ordinary users can write, network drives, files in a user's profile or among
temporary files, an account that can't read what it is to run, a variable that is set in this terminal alone.

A password is asked for at the terminal where Windows needs one, or read from --password-file or --password-env. daruma gives
it to Windows and keeps it nowhere.

Exit codes: 0 done (or nothing to do), 1 failed or refused, 2 wrong usage or definition.`,
		Example: `  daruma install
  daruma install shop/daruma.yaml --dry-run
  daruma install orders --now -- C:\app\orders.exe --port 8080
  daruma install shop.yaml --start-type delayed --depends-on postgresql
  daruma install shop.yaml --account CORP\shop --password-file C:\secrets\shop.txt
  daruma install shop.yaml -o json
  daruma install shop --key release.key.pub --now     a service that daruma deploy has brought
  daruma install observe.yaml --now      the observer, as the service daruma-observe`,
		Args: cobra.ArbitraryArgs,
	}
	f.output = outputFlag(cmd)
	f.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file, command, err := installArgs(args, cmd.ArgsLenAtDash())
		if err != nil {
			return err
		}
		request := f.request(std, file, command, cmd.Flags().Changed)
		if request.Keys, err = store.NamedKeys(f.keys); err != nil {
			return &exitError{code: ExitUsage, err: fmt.Errorf("--key: %w", err)}
		}
		i, err := install.Prepare(request)
		if err != nil {
			return installFailure(std, err)
		}
		services, end := managerOf(std, "installing "+i.Definition.Name)
		defer end()
		services.Overwrite = f.overwrite
		result, err := i.Run(cmd.Context(), services)
		end()
		if result == nil {
			return installFailure(std, err)
		}
		return errors.Join(reportInstall(std, i, *result, f), installFailure(std, err))
	}
	return cmd
}

func (f *installFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.displayName, "display-name", "", "what people see in lists of services")
	flags.StringVar(&f.description, "description", "", "what it is for")
	flags.StringVar(&f.startType, "start-type", "", "automatic, delayed, manual or disabled")
	flags.StringSliceVar(&f.dependsOn, "depends-on", nil, "services that start first; may be repeated")
	flags.StringVar(&f.account, "account", "", `who it runs as: virtual, LocalService, NetworkService, LocalSystem, a user, DOMAIN\user, DOMAIN\managed$`)
	f.password.register(cmd)
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE for daruma's own environment, which definitions may use as ${NAME}; everybody can read it; may be repeated")
	flags.StringSliceVar(&f.privileges, "privilege", nil, "Windows: the privileges that the service keeps, instead of the least (SeImpersonatePrivilege …); may be repeated")
	flags.StringArrayVar(&f.keys, "key", nil, "a public key of minisign, or its file, whose releases daruma deploy takes (default: those of now); may be repeated")
	flags.StringVar(&f.workingDir, "working-dir", "", "with NAME -- COMMAND…: the program's working folder (default: the one that the program is in, or an interpreter's script)")
	flags.DurationVar(&f.startTimeout, "start-timeout", 0, "report the service running after this long, up or not (default: from the definition)")
	flags.DurationVar(&f.stopTimeout, "stop-timeout", 0, "for all programs to stop (default: from their grace periods)")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "show what would change, change nothing")
	flags.BoolVar(&f.now, "now", false, "start it afterwards; restart it, or reload its definition, where that is due")
	flags.BoolVar(&f.overwrite, "overwrite", false, "take over a service of this name that daruma didn't install")
	_ = cmd.RegisterFlagCompletionFunc("start-type", cobra.FixedCompletions([]string{"automatic", "delayed", "manual", "disabled"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("account", cobra.FixedCompletions(
		[]string{manager.AccountVirtual, manager.AccountLocal, manager.AccountNetwork, manager.AccountSystem}, cobra.ShellCompDirectiveNoFileComp))
}

// request is what the flags ask for; changed tells whether one was given.
func (f *installFlags) request(std IO, file string, command *install.Command, changed func(flag string) bool) install.Request {
	r := install.Request{
		File: file, Command: command,
		Overrides: install.Overrides{
			DisplayName: given(&f.displayName, changed("display-name")),
			Description: given(&f.description, changed("description")),
			StartType:   given(&f.startType, changed("start-type")),
			Account:     given(&f.account, changed("account")),
			DependsOn:   given(&f.dependsOn, changed("depends-on")),
		},
		Env: f.env, Privileges: f.privileges,
		StartTimeout: given(&f.startTimeout, changed("start-timeout")),
		StopTimeout:  given(&f.stopTimeout, changed("stop-timeout")),
		Password:     f.password.source(std),
		DryRun:       f.dryRun, Start: f.now,
	}
	if command != nil {
		command.WorkingDir = f.workingDir
	}
	return r
}

// given is the value of a flag, nil where it wasn't given.
func given[T any](value *T, changed bool) *T {
	if !changed {
		return nil
	}
	return value
}

// installArgs tells FILE from NAME -- COMMAND…; dash is the number of arguments before the two hyphens, -1 without them.
func installArgs(args []string, dash int) (file string, command *install.Command, err error) {
	usage := func(format string, a ...any) error {
		return &exitError{code: ExitUsage, err: fmt.Errorf(format, a...)}
	}
	switch {
	case dash < 0 && len(args) == 0:
		return "", nil, nil
	case dash < 0 && len(args) == 1:
		return args[0], nil, nil
	case dash < 0:
		return "", nil, usage("install takes one definition; a command goes behind two hyphens: daruma install %s -- %s …", args[0], args[1])
	case dash != 1:
		return "", nil, usage("before the two hyphens goes the service's name alone: daruma install NAME -- COMMAND…")
	case len(args) == 1:
		return "", nil, usage("behind the two hyphens goes the command: daruma install %s -- COMMAND…", args[0])
	}
	if _, err := parseTarget(args[0]); err != nil {
		return "", nil, err
	}
	return "", &install.Command{Name: args[0], Args: args[1:]}, nil
}

// reportInstall prints what was done, and what to do next.
func reportInstall(std IO, i *install.Installation, r install.Result, f installFlags) error {
	if *f.output == formatJSON {
		if err := writeJSON(std.Out, r); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
		return nil
	}
	var b strings.Builder
	would := ""
	if r.DryRun {
		would = "would be "
	}
	switch {
	case r.None() && r.Reload != nil:
		fmt.Fprintf(&b, "%s is installed as the definition says, and has loaded it as it is now\n", r.Name)
	case r.None():
		fmt.Fprintf(&b, "%s is installed as the definition says; nothing changed\n", r.Name)
	case r.Created:
		fmt.Fprintf(&b, "%s %sinstalled: start %s, account %s, definition %s\n", r.Name, would, i.Definition.StartType, i.Definition.Account, r.Definition)
	default:
		fmt.Fprintf(&b, "%s %schanged:\n", r.Name, would)
	}
	if r.Created && !r.DryRun {
		r.Changed = nil // a page of settings that nobody asked for
	}
	b.WriteString(r.Changes.String())
	for _, line := range r.Difference {
		fmt.Fprintf(&b, "    %s\n", plaintext.Line(line))
	}
	if r.Kept != "" {
		fmt.Fprintf(&b, "the definition had been edited; it %skept as %s\n", cmp.Or(would, "is "), r.Kept)
	}
	switch {
	case r.Started:
		fmt.Fprintf(&b, "%s runs; see: daruma status %s\n", r.Name, r.Name)
	case r.Created && !r.DryRun && !f.now && i.Definition.StartType != "disabled":
		fmt.Fprintf(&b, "start it now with: daruma start %s\n", r.Name)
	}
	if i.OfAnObserver() {
		fmt.Fprintf(&b, "it sees the services whose definition says: control: {readers: [%s]}\n"+
			"(then daruma install that file, and daruma restart its service); daruma logs %s says which it can't see\n", readers.Observer, r.Name)
	}
	if _, err := fmt.Fprint(std.Out, b.String()); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}
