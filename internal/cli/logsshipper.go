package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/shipper"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/supervisor/lastgood"
)

func newLogsShipper(std IO) *cobra.Command {
	return &cobra.Command{
		Use:   "shipper " + strings.Join(shipper.Names(), "|") + " NAME[/PROGRAM]",
		Short: "Print the configuration by which a log shipper follows the logs",
		Long: `Print the part of a log shipper's configuration that follows the log files of a service through rotation: the patterns of their names, how
the shipper tells one file from another, where it keeps its positions, and the format that the definition has. What may go wrong with
these files is said in comments and on stderr: files that begin with the same lines, for example.

otel is the OpenTelemetry Collector. Nothing is changed: put what is printed into the shipper's configuration.`,
		Example: `  daruma logs shipper filebeat shop > /etc/filebeat/inputs.d/shop.yml
  daruma logs shipper otel shop                  beside the Collector's own: otelcol --config base.yaml --config shop.yaml
  daruma logs shipper vector shop/api            of one program
  daruma logs shipper fluent-bit shop
  daruma logs shipper alloy shop`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return errors.New("want a shipper and a service, as in: daruma logs shipper filebeat shop. The logs of a service that is called shipper: daruma logs shipper/PROGRAM")
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return shipper.Names(), cobra.ShellCompDirectiveNoFileComp
			}
			return completeTarget(cmd, args[1:], typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(shipper.Names(), args[0]) {
				_, _, err := shipper.Config(args[0], shipper.Service{})
				return &exitError{code: ExitUsage, err: err}
			}
			t, err := targetOf(cmd.Context(), std, args[1:])
			if err != nil {
				return err
			}
			return printShipper(std, args[0], t)
		},
	}
}

// printShipper prints the configuration to std.Out and what may go wrong to std.Err.
func printShipper(std IO, kind string, t target) error {
	dir, err := folders.Seen(t.service)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	found, err := logfile.Scan(dir.Logs)
	if err != nil {
		return &exitError{code: ExitFailed, err: withRights(err)}
	}
	s := shipper.Service{Name: t.service, Folder: dir.Logs, Windows: runtime.GOOS == "windows"}
	var unknown error
	if s.Programs, unknown = definedPrograms(t.service, dir); unknown != nil {
		s.Programs = writtenPrograms(found)
	}
	var names []string
	for _, p := range s.Programs {
		names = append(names, p.Name)
	}
	if err := logsExist(t, dir, names); err != nil {
		return err
	}
	if t.program != "" {
		s.Programs = slices.DeleteFunc(s.Programs, func(p shipper.Program) bool { return p.Name != t.program })
	}
	if len(s.Programs) == 0 {
		return &exitError{code: ExitFailed, err: fmt.Errorf("service %s has neither a definition here nor logs so far: start it first", t)}
	}
	for i := range s.Programs {
		s.Programs[i].Look(s.Folder, found[s.Programs[i].Name], unknown == nil)
	}
	text, warnings, err := shipper.Config(kind, s)
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	if unknown != nil {
		warnings = append(warnings, fmt.Sprintf("the format is taken from the files that are there, because no definition is found: %v", unknown))
	}
	for _, w := range warnings {
		fmt.Fprintln(std.Err, plaintext.Line("warning: "+w))
	}
	_, err = std.Out.Write([]byte(text))
	return err
}

// definedPrograms are those of the installed definition, or of the one that the service last ran with. A variable that isn't set here is
// taken for set: it can't be in what is asked for.
func definedPrograms(service string, dir folders.Folders) ([]shipper.Program, error) {
	env := func(name string) (string, bool) {
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		return "1", true
	}
	svc, err := definition.Load(filepath.Join(dir.Config, definition.DefaultFile), env)
	if err != nil || svc.Name != service {
		last, lastErr := lastgood.Load(dir.State, service)
		if lastErr != nil {
			return nil, errors.Join(err, lastErr)
		}
		if svc, err = definition.Parse([]byte(last.Source), last.File, env); err != nil {
			return nil, err
		}
	}
	var all []shipper.Program
	for _, p := range svc.Programs {
		all = append(all, shipper.Program{Name: p.Name, JSON: p.Logs.Format == definition.JSON, Compress: p.Logs.Compress})
	}
	slices.SortFunc(all, func(a, b shipper.Program) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// writtenPrograms are those that have logs.
func writtenPrograms(found map[string]*logfile.History) []shipper.Program {
	var all []shipper.Program
	for name := range found {
		if name != logfile.Own && nameLike(name) {
			all = append(all, shipper.Program{Name: name})
		}
	}
	slices.SortFunc(all, func(a, b shipper.Program) int { return strings.Compare(a.Name, b.Name) })
	return all
}
