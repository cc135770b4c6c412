package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/safefile"
)

func newImport(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make definitions of services that another service manager runs",
		Example: `  daruma import nssm orders
  daruma import nssm --all -o C:\daruma`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { // without it cobra prints the help and is content with any word
			if len(args) == 0 {
				return cmd.Help()
			}
			return &exitError{code: ExitUsage, err: fmt.Errorf("%q can't be imported from; there is: daruma import nssm", args[0])}
		},
	}
	cmd.AddCommand(newImportNSSM(std))
	return cmd
}

// importing are the flags of import nssm.
type importing struct {
	all, force bool
	output     string
	takeoverFlags
}

func newImportNSSM(std IO) *cobra.Command {
	var f importing
	cmd := &cobra.Command{
		Use:   "nssm NAME | --all | FILE",
		Short: "Make a definition of a service of NSSM",
		Long: `Make a definition of a service that NSSM runs. It is read from the registry of this machine: the service NAME, or
with --all every service of NSSM. Or it is read from FILE, on any system, a .reg file that regedit has exported, or

  reg export HKLM\SYSTEM\CurrentControlSet\Services\NAME NAME.reg

and then every service of NSSM in it is converted.

The definition of the service NAME is written to NAME.yaml in the current folder, or to where -o says: a file, a folder
that exists, or - for standard output. Only this user can read it, and on Windows administrators and SYSTEM. No file is
overwritten without --force.

What NSSM was told and a definition can't say, or says in another way, becomes a remark: on standard error, and as a
comment at the head of the definition. Values of the environment may be secrets: they are in the file, never on the
screen. Nothing changes in the registry, and the service isn't touched.

--replace makes the service NAME daruma's, where it is: its configuration is saved, it is stopped, its entry of the service
manager is changed, and it is started. If it isn't ready within --timeout, everything is put back exactly, and NSSM's is started
again: exit code 1. A name that isn't made of a-z, 0-9 and - (capitals don't matter) needs a new service, and NSSM's is disabled.
The plan is shown first; --dry-run shows it alone. --undo gives the service back to NSSM, later or after an interruption.`,
		Example: `  daruma import nssm orders
  daruma import nssm orders --replace --dry-run
  daruma import nssm orders --replace
  daruma import nssm orders --undo
  daruma import nssm --all -o C:\daruma
  daruma import nssm orders.reg -o - | less`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&f.all, "all", false, "every service of NSSM on this machine")
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite files that exist")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "where to write: a file, a folder that exists, or - for standard output")
	f.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.check(cmd, f.all); err != nil {
			return err
		}
		if f.all == (len(args) == 1) {
			return &exitError{code: ExitUsage, err: errors.New("name a service, or a .reg file, or give --all")}
		}
		if f.replace || f.undo {
			return takeOver(cmd.Context(), std, args[0], f.takeoverFlags)
		}
		return importNSSM(std, strings.Join(args, ""), f)
	}
	return cmd
}

func importNSSM(std IO, source string, f importing) error {
	if f.output == "-" && screen.Of(std.Out).Terminal {
		return &exitError{code: ExitUsage, err: errors.New("a definition may hold secrets, so it isn't shown on a terminal: give -o FILE, or send it through a pipe")}
	}
	var services []nssm.Service
	var err error
	if f.all {
		services, err = nssm.FindAll()
	} else {
		services, err = nssm.Find(source)
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	definitions, failed := convertAll(std, services)
	if len(definitions) > 1 && f.output != "" && !isFolder(f.output) {
		return &exitError{code: ExitUsage, err: fmt.Errorf("these are %d services: -o must be a folder that exists", len(definitions))}
	}
	files := make([]string, len(definitions))
	for i, d := range definitions {
		files[i] = targetFile(d, f.output)
		if _, err := os.Lstat(files[i]); err == nil && f.output != "-" && !f.force {
			return &exitError{code: ExitFailed, err: fmt.Errorf("%s exists already: give another file with -o, or --force to overwrite it. Nothing was written", files[i])}
		}
	}
	for i, d := range definitions {
		if err := writeImported(std, d, files[i], f); err != nil {
			return &exitError{code: ExitFailed, err: err}
		}
	}
	if failed > 0 {
		return &exitError{code: ExitFailed, err: fmt.Errorf("%d of %d services couldn't be converted", failed, len(services)), silent: len(services) == 1}
	}
	return nil
}

// convertAll converts all services that it can, and prints why it can't convert the others.
func convertAll(std IO, services []nssm.Service) (definitions []nssm.Definition, failed int) {
	taken := map[string]bool{}
	for _, s := range services {
		d, err := nssm.Convert(s, func(name string) bool { return taken[name] })
		if err != nil {
			fmt.Fprintf(std.Err, "daruma: %v\n", err)
			failed++
			continue
		}
		taken[d.Name] = true
		definitions = append(definitions, d)
	}
	return definitions, failed
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// targetFile is where the definition goes; "-" is standard output.
func targetFile(d nssm.Definition, output string) string {
	if output != "" && isFolder(output) {
		return filepath.Join(output, d.Name+".yaml")
	}
	return cmp.Or(output, d.Name+".yaml")
}

// writeImported writes one definition, and prints its remarks.
func writeImported(std IO, d nssm.Definition, file string, f importing) error {
	if file == "-" {
		if _, err := std.Out.Write(d.YAML); err != nil {
			return err
		}
	} else if err := writeNew(file, d.YAML, f.force); err != nil {
		return err
	}
	for _, r := range d.Remarks {
		if _, err := fmt.Fprintf(std.Err, "%s: %s\n", d.Service, r); err != nil {
			return err
		}
	}
	if file == "-" {
		return nil
	}
	_, err := fmt.Fprintf(std.Out, "%s: service %s, %s\n", file, d.Name, remarkCount(len(d.Remarks)))
	return err
}

func remarkCount(n int) string {
	switch n {
	case 0:
		return "no remarks"
	case 1:
		return "1 remark"
	}
	return fmt.Sprintf("%d remarks, at the head of the file", n)
}

// writeNew writes a file that this user alone may read: the environment may hold secrets. Without force, a file that has
// come about meanwhile isn't overwritten; with it, the old one stays whole until the new one is.
func writeNew(file string, data []byte, force bool) error {
	if force {
		return safefile.Replace(file, data, 0o600, safefile.Private)
	}
	out, err := safefile.CreatePrivate(file)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	if err = errors.Join(err, out.Close()); err != nil {
		_ = os.Remove(file)
	}
	return err
}
