package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/service/manager"
)

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
	case r.noted && r.journal.Step == Swapped && ours:
		return r.finish(ctx)
	case r.noted && r.journal.Step == Done && ours:
		return r.answer("%s is daruma's already; nothing changed. NSSM gets it back with: daruma import nssm %s --undo\n", r.name, quotedName(service))
	case ours:
		return fmt.Errorf("%s is daruma's already, and nothing is kept of how it was with NSSM", service)
	}
	r.source = source
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.show(ctx); err != nil || r.options.DryRun {
		return err
	}
	return r.carryOut(ctx)
}

// again goes back from where a call was interrupted, and begins anew.
func (r *replacement) again(ctx context.Context, service string) error {
	said := fmt.Sprintf("an earlier call was interrupted on %s", r.journal.At.Local().Format(time.DateTime))
	if r.options.DryRun {
		return r.answer("%s: %s would be NSSM's again first, then replaced\n", said, r.journal.Service)
	}
	if err := r.answer("%s; first %s is NSSM's again\n", said, r.journal.Service); err != nil {
		return err
	}
	if err := r.locked(func() error { return r.back(ctx) }); err != nil {
		return err
	}
	return r.replace(ctx, service)
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
	i, err := install.New(def, text, r.place, install.Request{DryRun: r.options.DryRun, Password: r.options.Password})
	if err != nil {
		return err
	}
	r.install = i
	r.fitSpec(inPlace, service)
	if err := i.Check(); err != nil {
		return fmt.Errorf("%s can't be daruma's like this:\n%w", service, err)
	}
	status, err := r.services.Status(ctx, service)
	if err != nil {
		return err
	}
	r.journal = Journal{Service: service, Name: r.name, InPlace: inPlace, Running: operate.HasProcess(status), Definition: def.File}
	if err := r.mayReplace(ctx); err != nil {
		return err
	}
	if r.plan, err = r.services.Plan(ctx, i.Spec); err != nil {
		return err
	}
	return r.password()
}

// fitSpec makes the spec one of the entry that is there, whose name stays to the letter; or one beside it: Windows has no two services
// of one display name.
func (r *replacement) fitSpec(inPlace bool, service string) {
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
	if file := r.options.Definition; file != "" {
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
	if r.options.DryRun {
		return nil
	}
	if err := r.services.MayRestore(ctx, r.journal.Service); err != nil {
		return err
	}
	return r.services.MayInstall(ctx, r.name)
}

// password: an entry that is changed in place keeps the one that Windows has, which nobody can read. A new entry needs it.
func (r *replacement) password() error {
	if r.options.Password.Given && r.journal.InPlace {
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
