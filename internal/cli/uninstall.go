package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/install"
)

func newUninstall(std IO) *cobra.Command {
	var purge, overwrite bool
	cmd := &cobra.Command{
		Use:   "uninstall NAME",
		Short: "Stop an installed service and remove it from the operating system",
		Long: `Stops the service, its programs with it, and removes what install made: the service itself, its event source and its tasks.
Logs, incidents and a definition that install wrote are left, unless --purge is given; a definition of your own and the programs
are never touched.

Windows only marks a service for deletion while another program has it open (services.msc, Task Manager, Event Viewer): daruma
waits 30 s for it to go, and says so.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 there is no such service.`,
		Example: `  daruma uninstall shop
  daruma uninstall shop --purge     its logs and incidents too`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVar(&purge, "purge", false, "remove its logs, incidents and the definition that install wrote")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "remove a service that daruma didn't install")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := parseTarget(args[0])
		if err != nil || t.program != "" || t.service == "" {
			return errors.Join(err, &exitError{code: ExitUsage, err: errors.New("uninstall takes the name of a service")})
		}
		services, end := managerOf(std, "uninstalling "+t.service)
		services.Overwrite = overwrite
		removal, err := install.Remove(cmd.Context(), services, t.service, install.RemoveOptions{Purge: purge})
		end()
		if err != nil {
			return serviceFailure(err)
		}
		return reportUninstall(std, removal, *output)
	}
	return cmd
}

func reportUninstall(std IO, r install.Removal, output format) error {
	var err error
	if output == formatJSON {
		err = writeJSON(std.Out, r)
	} else {
		_, err = fmt.Fprintf(std.Out, "%s is uninstalled\n%s", r.Name, r.Changes)
		for _, dir := range r.Purged {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "  removed %s\n", dir)
			}
		}
		for _, dir := range r.Left {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "  left: %s (daruma uninstall %s --purge removes it)\n", dir, r.Name)
			}
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}
