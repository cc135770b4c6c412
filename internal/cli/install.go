package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/service/manager"
)

// installFlags are what install may be given.
type installFlags struct {
	output *format

	displayName, description, startType, account, workingDir string
	dependsOn, env, privileges                               []string
	startTimeout, stopTimeout                                time.Duration

	passwordFile, passwordEnv string

	dryRun, now, overwrite bool
}

func newInstall(std IO) *cobra.Command {
	var f installFlags
	cmd := &cobra.Command{
		Use:   "install [FILE] | install NAME -- COMMAND…",
		Short: "Make it a service of the operating system, which starts at boot",
		Long: `Registers a definition as a service of Windows or systemd. FILE is a definition; without it ./daruma.yaml is taken. The
definition stays where it is: edit it there, then daruma reload NAME. With NAME -- COMMAND… a definition is written for that
one program, into the service's folder.

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
  daruma install shop.yaml -o json`,
		Args: cobra.ArbitraryArgs,
	}
	f.output = outputFlag(cmd)
	f.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file, quick, err := installArgs(args, cmd.ArgsLenAtDash())
		if err != nil {
			return err
		}
		i := installation{std: std, flags: f, changed: cmd.Flags().Changed, quick: quick}
		if err := i.prepare(file); err != nil {
			return err
		}
		return i.run(cmd.Context())
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
	flags.StringVar(&f.passwordFile, "password-file", "", "take the account's password from the first line of this file")
	flags.StringVar(&f.passwordEnv, "password-env", "", "take the account's password from this environment variable")
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE for daruma's own environment, which definitions may use as ${NAME}; everybody can read it; may be repeated")
	flags.StringSliceVar(&f.privileges, "privilege", nil, "Windows: the privileges that the service keeps, instead of the least (SeImpersonatePrivilege …); may be repeated")
	flags.StringVar(&f.workingDir, "working-dir", "", "with NAME -- COMMAND…: the program's working folder (default: the one that the program is in)")
	flags.DurationVar(&f.startTimeout, "start-timeout", 0, "report the service running after this long, up or not (default: from the definition)")
	flags.DurationVar(&f.stopTimeout, "stop-timeout", 0, "for all programs to stop (default: from their grace periods)")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "show what would change, change nothing")
	flags.BoolVar(&f.now, "now", false, "start it afterwards; restart it where that is due")
	flags.BoolVar(&f.overwrite, "overwrite", false, "take over a service of this name that daruma didn't install")
	_ = cmd.RegisterFlagCompletionFunc("start-type", cobra.FixedCompletions([]string{"automatic", "delayed", "manual", "disabled"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("account", cobra.FixedCompletions(
		[]string{manager.AccountVirtual, manager.AccountLocal, manager.AccountNetwork, manager.AccountSystem}, cobra.ShellCompDirectiveNoFileComp))
}

// installArgs tells FILE from NAME -- COMMAND…; dash is the number of arguments before the two hyphens, -1 without them.
func installArgs(args []string, dash int) (file string, quick *quickService, err error) {
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
	return "", &quickService{name: args[0], command: args[1:]}, nil
}
