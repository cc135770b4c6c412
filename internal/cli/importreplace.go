package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/migrate/takeover"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/service/manager"
)

// takingOver are the flags of import nssm that change the system.
type takingOver struct {
	replace, undo, dryRun bool
	definition            string
	timeout               time.Duration
	password              passwordFlags
}

func (f *takingOver) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.replace, "replace", false, "make the service NAME daruma's, and NSSM's again where it doesn't get ready")
	flags.BoolVar(&f.undo, "undo", false, "give the service NAME back to NSSM, as it was before --replace")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "with --replace and --undo: show what would be done, change nothing")
	flags.StringVar(&f.definition, "definition", "", "with --replace: take this definition, instead of converting NSSM's settings")
	flags.DurationVar(&f.timeout, "timeout", 2*time.Minute, "with --replace: until it must be ready")
	f.password.register(cmd)
}

// check refuses flags that don't go together.
func (f *takingOver) check(cmd *cobra.Command, all bool) error {
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

// replacement is one call of import nssm NAME --replace or --undo.
type replacement struct {
	std      IO
	flags    takingOver
	services manager.Manager
	name     string // daruma's
	place    folders.Folders
	store    takeover.Store
	journal  takeover.Journal
	found    takeover.Journal // as it was last read
	noted    bool             // there is one

	// Of --replace.
	source  nssm.Service
	remarks []nssm.Remark
	install *install.Installation
	plan    manager.Changes
}

func replaceNSSM(ctx context.Context, std IO, service string, f takingOver) error {
	if isRegFile(service) {
		return &exitError{code: ExitUsage, err: fmt.Errorf("%s: --replace and --undo take the name of a service of this machine", service)}
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl+C ends daruma as it does everywhere; the journal stays
	r := replacement{std: std, flags: f, services: manager.Manager{Overwrite: true}, name: nssm.DefinitionName(service)}
	if err := r.begin(); err != nil {
		return installFailure(std, err)
	}
	if f.undo {
		return installFailure(std, r.undo(ctx, service))
	}
	return installFailure(std, r.replace(ctx, service))
}

// begin finds out what an earlier call has left.
func (r *replacement) begin() error {
	var err error
	if r.place, err = folders.Installed(r.name); err != nil {
		return err
	}
	r.store = takeover.Store{Folder: filepath.Join(r.place.Config, "nssm")}
	r.found, r.noted, err = r.store.Load()
	r.journal = r.found
	if errors.Is(err, os.ErrPermission) {
		err = &manager.Error{Op: "reading", Name: r.store.Folder, Kind: manager.ErrRights, Cause: err,
			Remedy: "run it as administrator: right-click the terminal, Run as administrator"}
	}
	if err != nil || !r.noted {
		return err
	}
	// It decides what is registered, as whatever account it says. Everybody may make a folder in %ProgramData%.
	if err := access.Exposed(r.store.Folder); err != nil {
		return fmt.Errorf("what an earlier call has left can't be relied on: %w", err)
	}
	return nil
}

// replace decides by what was left.
func (r *replacement) replace(ctx context.Context, service string) error {
	if r.noted && r.journal.Pending() {
		return r.again(ctx, service)
	}
	source, err := nssm.Installed(service)
	if err != nil {
		return err
	}
	ours := source.TakenOver()
	if r.noted && !r.journal.InPlace {
		_, err := r.services.Status(ctx, r.journal.Name)
		ours = err == nil
	}
	switch {
	case r.noted && r.journal.Step == takeover.Stands && ours:
		return r.finish(ctx)
	case r.noted && r.journal.Step == takeover.Done && ours:
		_, err := fmt.Fprintf(r.std.Out, "%s is daruma's already; nothing changed. NSSM gets it back with: daruma import nssm %s --undo\n", r.name, quotedName(service))
		return err
	case ours:
		return fmt.Errorf("%s is daruma's already, and nothing is kept of how it was with NSSM", service)
	}
	r.source = source
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.show(ctx); err != nil || r.flags.dryRun {
		return err
	}
	return r.carryOut(ctx)
}

// again goes back from where a call was interrupted, and begins anew.
func (r *replacement) again(ctx context.Context, service string) error {
	said := fmt.Sprintf("an earlier call was interrupted on %s", r.journal.At.Local().Format(time.DateTime))
	if r.flags.dryRun {
		_, err := fmt.Fprintf(r.std.Out, "%s: %s would be NSSM's again first, then replaced\n", said, r.journal.Service)
		return err
	}
	if _, err := fmt.Fprintf(r.std.Out, "%s; first %s is NSSM's again\n", said, r.journal.Service); err != nil {
		return err
	}
	if err := r.locked(func() error { return r.back(ctx) }); err != nil {
		return err
	}
	return r.replace(ctx, service)
}

// locked keeps other calls for the same service out.
func (r *replacement) locked(do func() error) error {
	release, err := r.store.Lock()
	if errors.Is(err, takeover.ErrBusy) {
		err = fmt.Errorf("%s: %w", r.name, err)
	}
	if err != nil {
		return err
	}
	defer release()
	now, noted, err := r.store.Load()
	if err != nil {
		return err
	}
	if noted != r.noted || now != r.found {
		return fmt.Errorf("%s: another daruma has changed it meanwhile: look, and call again", r.name)
	}
	return do()
}

// prepare reads and checks everything, and changes nothing.
func (r *replacement) prepare(ctx context.Context) error {
	service := r.source.Name
	d, err := nssm.Convert(r.source, nil)
	if err != nil {
		return err
	}
	r.remarks = d.Remarks
	inPlace := strings.EqualFold(r.name, service)
	def, text, err := r.define(d.YAML)
	if err != nil {
		return err
	}
	i, err := install.New(def, text, r.place, install.Request{DryRun: r.flags.dryRun, Password: r.flags.password.source(r.std)})
	if err != nil {
		return err
	}
	r.install = i
	r.fit(inPlace, service)
	if err := i.Check(); err != nil {
		return fmt.Errorf("%s can't be daruma's like this:\n%w", service, err)
	}
	status, err := r.services.Status(ctx, service)
	if err != nil {
		return err
	}
	r.journal = takeover.Journal{Service: service, Name: r.name, InPlace: inPlace, Running: operate.HasProcess(status), Definition: def.File}
	if err := r.mayReplace(ctx); err != nil {
		return err
	}
	if r.plan, err = r.services.Plan(ctx, i.Spec); err != nil {
		return err
	}
	return r.password()
}

// fit makes the spec one of the entry that is there, whose name stays to the letter; or one beside it: Windows has no two services
// of one display name.
func (r *replacement) fit(inPlace bool, service string) {
	spec := &r.install.Spec
	if inPlace {
		spec.Name = service
		return
	}
	const most = 256 - len(" (daruma)")
	name := []rune(cmp.Or(spec.DisplayName, service))
	spec.DisplayName = string(name[:min(len(name), most)]) + " (daruma)"
}

// define loads the definition: the one that was given, or NSSM's settings, whose text is to be written.
func (r *replacement) define(converted []byte) (def *definition.Service, text []byte, err error) {
	env := install.Environment(nil)
	if file := r.flags.definition; file != "" {
		r.remarks = nil
		def, err = definition.Load(file, env)
	} else {
		text = converted
		def, err = definition.Parse(converted, filepath.Join(r.place.Config, definition.DefaultFile), env)
	}
	if err != nil {
		return nil, nil, &install.DefinitionError{Err: err}
	}
	if def.Name != r.name {
		return nil, nil, &install.UsageError{Err: fmt.Errorf("%s: name must be %s, which is what NSSM's service is called here", def.File, r.name)}
	}
	return def, text, nil
}

// mayReplace asks for the rights; with --dry-run, where nothing needs them, it doesn't.
func (r *replacement) mayReplace(ctx context.Context) error {
	if !r.journal.InPlace {
		if _, err := r.services.Status(ctx, r.name); err == nil {
			return fmt.Errorf("there is a service %s already, which isn't this one: uninstall it, or give NSSM's another name", r.name)
		} else if !errors.Is(err, manager.ErrNotInstalled) {
			return err
		}
	}
	if r.flags.dryRun {
		return nil
	}
	if err := r.services.MayRestore(ctx, r.journal.Service); err != nil {
		return err
	}
	return r.services.MayInstall(ctx, r.name)
}

// password: an entry that is changed in place keeps the one that Windows has, which nobody can read. A new entry needs it.
func (r *replacement) password() error {
	if r.flags.password.source(r.std).Given && r.journal.InPlace {
		return &install.UsageError{Err: errors.New("leave the password out: the entry keeps its account, and the password that Windows has of it")}
	}
	if r.journal.InPlace && manager.NeedsPassword(r.install.Definition.Account) {
		if c := settingOf(r.plan, "SERVICE_START_NAME"); c != nil {
			return fmt.Errorf("account %s becomes %s, and its password is NSSM's service's: leave account as it is in the definition", c.From, c.To)
		}
		return nil
	}
	return r.install.GetPassword(r.plan)
}

func settingOf(c manager.Changes, name string) *manager.Change {
	for i := range c.Changed {
		if c.Changed[i].Setting == name {
			return &c.Changed[i]
		}
	}
	return nil
}

// say prints a line of what is done. Nobody listening any more is no reason to stop half-way.
func (r *replacement) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.std.Out, format+"\n", args...)
}

// quotedName is a service's name as it is typed.
func quotedName(name string) string {
	if strings.ContainsAny(name, " \t&|<>^()'") {
		return `"` + name + `"`
	}
	return name
}
