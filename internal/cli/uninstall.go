package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

func newUninstall(std IO) *cobra.Command {
	var o install.RemoveOptions
	var overwrite bool
	cmd := &cobra.Command{
		Use:   "uninstall NAME",
		Short: "Stop an installed service and remove it from the operating system",
		Long: `Stops the service, its programs with it, and removes what install made: the service itself, its event source and its tasks.
Logs, incidents and a definition that install wrote are left, unless --purge is given; a definition of your own and the programs
are never touched.

What the programs themselves, or you, put into the service's folders is left by --purge, too, and named. At a terminal it asks
whether that goes as well; --purge-data removes all of it without asking.

Windows only marks a service for deletion while another program has it open (services.msc, Task Manager, Event Viewer): daruma
waits 30 s for it to go, and says so.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 there is no such service.`,
		Example: `  daruma uninstall shop
  daruma uninstall shop --purge          its logs and incidents too
  daruma uninstall shop --purge-data     and the data that its programs keep in its folders`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVar(&o.Purge, "purge", false, "remove its logs, incidents and the definition that install wrote")
	cmd.Flags().BoolVar(&o.Data, "purge-data", false, "the same, and all that programs keep in the service's folders")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "remove a service that daruma didn't install")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t, err := parseTarget(args[0])
		if err != nil || t.program != "" || t.service == "" {
			return errors.Join(err, &exitError{code: ExitUsage, err: errors.New("uninstall takes the name of a service")})
		}
		services, end := managerOf(std, "uninstalling "+t.service)
		services.Overwrite = overwrite
		o.Purge = o.Purge || o.Data
		removal, err := install.Remove(cmd.Context(), services, t.service, o)
		end()
		if err == nil && len(removal.Kept) > 0 && *output != formatJSON && confirmed(std, keptText(removal)) {
			o.Data = true
			var rest install.Removal
			rest, err = install.Remove(cmd.Context(), services, t.service, o)
			removal.Purged, removal.Left, removal.Kept = append(removal.Purged, rest.Purged...), rest.Left, rest.Kept
		}
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
		option := "--purge removes what daruma wrote there"
		if len(r.Kept) > 0 {
			option = "--purge-data removes it"
			if err == nil {
				_, err = fmt.Fprint(std.Out, keptText(r))
			}
		}
		for _, dir := range r.Left {
			if err == nil {
				_, err = fmt.Fprintf(std.Out, "  left: %s (daruma uninstall %s %s)\n", dir, r.Name, option)
			}
		}
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}

// maxKept is how many of the files that aren't daruma's are named.
const maxKept = 20

// keptText names what --purge leaves.
func keptText(r install.Removal) string {
	var b strings.Builder
	b.WriteString("  not daruma's, and left:\n")
	for _, path := range r.Kept[:min(len(r.Kept), maxKept)] {
		fmt.Fprintf(&b, "    %s\n", plaintext.Line(path))
	}
	if more := len(r.Kept) - maxKept; more > 0 {
		fmt.Fprintf(&b, "    and %d more\n", more)
	}
	return b.String()
}

// confirmed shows a text at the terminal and asks whether what it names is to be removed. Without a terminal nobody agrees.
func confirmed(std IO, text string) bool {
	in, ok := std.In.(*os.File)
	if !ok || !screen.Of(std.Err).Terminal {
		return false
	}
	restore, err := screen.SingleKeys(in) // fails where it isn't a terminal
	if err != nil {
		return false
	}
	restore()
	fmt.Fprintf(std.Err, "%sRemove this data, too? [y/N] ", text)
	answer, err := firstLine(in)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "y" || answer == "yes")
}
