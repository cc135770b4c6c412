package takeover

import (
	"context"
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/service/manager"
)

// show prints what will be done, in its order.
func (r *replacement) show(ctx context.Context) error {
	status, err := r.services.Status(ctx, r.journal.Service)
	if err != nil {
		return err
	}
	var b strings.Builder
	now, _ := operate.Describe(status)
	fmt.Fprintf(&b, "%s of NSSM (%s, start type %s) becomes %s of daruma\n", r.journal.Service, now, status.StartType, r.name)
	n := 0
	line := func(format string, args ...any) {
		n++
		fmt.Fprintf(&b, "  %d. %s\n", n, fmt.Sprintf(format, args...))
	}
	line("save all of its configuration in %s", r.store.Folder)
	if r.install.Text != nil {
		line("write the definition %s, account %s", r.install.Definition.File, r.install.Definition.Account)
	} else {
		line("take the definition %s, account %s", r.install.Definition.File, r.install.Definition.Account)
	}
	if r.journal.Running {
		line("stop it")
	}
	if r.journal.InPlace {
		line("change its entry of the service manager; name, access list and what depends on it stay:")
		for _, c := range r.plan.Changed {
			fmt.Fprintf(&b, "       %s\n", withoutSecrets(c))
		}
	} else {
		line("make a service %s, shown as %q: start type %s", r.name, r.install.Spec.DisplayName, r.install.Definition.StartType)
	}
	if r.journal.Running {
		line("start it and wait until it is ready, up to %v; if it isn't, put everything back and start NSSM's", r.options.Timeout)
	}
	if !r.journal.InPlace {
		line("set the start type of NSSM's %s to disabled", r.journal.Service)
	}
	line("register event source and fallback")
	for _, c := range r.remarks {
		fmt.Fprintf(&b, "  note: %s\n", c)
	}
	if !r.journal.InPlace {
		fmt.Fprintf(&b, "  note: services that depend on %s, and scripts, need the new name %s\n", r.journal.Service, r.name)
	}
	if !r.journal.Running {
		fmt.Fprintf(&b, "  note: it doesn't run, so it isn't started, and whether it gets ready is not tried\n")
	}
	for _, text := range append(r.plan.Remarks, r.install.Warnings...) {
		fmt.Fprintf(&b, "  note: %s\n", text)
	}
	if r.options.DryRun {
		b.WriteString("nothing was changed\n")
	}
	return r.options.Report.Print(b.String())
}

// withoutSecrets: of an environment only the names are shown.
func withoutSecrets(c manager.Change) manager.Change {
	if c.Setting != "ENVIRONMENT" {
		return c
	}
	names := func(list string) string {
		var found []string
		for entry := range strings.SplitSeq(list, ", ") {
			if name, _, ok := strings.Cut(entry, "="); ok {
				found = append(found, name)
			}
		}
		return strings.Join(found, ", ")
	}
	return manager.Change{Setting: c.Setting, From: names(c.From), To: names(c.To)}
}
