package takeover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// swapStep is one line of a swap.
type swapStep struct {
	doing, done string
	do          func(context.Context) error
}

// carryOut swaps. Whatever happens on the way, one of the two services starts at the next boot: in place there is but one entry, whose
// command line is changed in one call; with two entries, the new one starts by hand until it is ready, then automatically, and the
// old one is disabled after that.
func (r *replacement) carryOut(ctx context.Context) error {
	if _, err := access.Protect(r.name, access.PlacesOf(r.place), false); err != nil {
		return err
	}
	return r.locked(func() error {
		err := r.steps(ctx, r.forward())
		if err == nil {
			return r.finishLocked(ctx)
		}
		if r.journal.Step != Swapping {
			return err // nothing was changed, or the new one is ready
		}
		r.print("  %v", err)
		if back := r.back(context.WithoutCancel(ctx)); back != nil {
			return fmt.Errorf("%s didn't become daruma's: %w\ngoing back failed, too: %w\n(daruma import nssm %s --undo tries that again; what was saved is in %s)",
				r.journal.Service, err, back, quotedName(r.journal.Service), r.store.Folder)
		}
		return fmt.Errorf("%s is NSSM's again, as it was: %w (logs: %s)", r.journal.Service, err, r.place.Logs)
	})
}

func (r *replacement) forward() []swapStep {
	j := &r.journal
	list := []swapStep{{"saving", "saved to " + r.store.Saved(), r.save}}
	if r.install.Text != nil {
		list = append(list, swapStep{"writing the definition", "written: " + j.Definition, func(context.Context) error {
			return install.WriteDefinition(j.Definition, r.install.Text)
		}})
	}
	if j.Running {
		list = append(list, swapStep{"stopping " + j.Service, "stopped", r.stopOld})
	}
	list = append(list, swapStep{"changing the service", "changed", r.change})
	if j.Running {
		list = append(list, swapStep{"waiting until it is ready", "ready", r.startAndAwait})
	}
	if !j.InPlace {
		list = append(list, swapStep{"setting the start types", "NSSM's " + j.Service + " is disabled", r.swapAtBoot})
	}
	return append(list, swapStep{"noting it", "", func(context.Context) error { return r.note(Swapped) }})
}

// steps does one after the other, and reports each. Ctrl+C ends it between two.
func (r *replacement) steps(ctx context.Context, list []swapStep) error {
	for _, s := range list {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		end := r.options.Report.Begin(s.doing)
		begin := time.Now()
		err := s.do(ctx)
		end()
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("interrupted while %s", s.doing)
		}
		if err != nil {
			return err
		}
		if s.done != "" {
			r.options.Report.Done(s.done, time.Since(begin))
		}
	}
	return nil
}

func (r *replacement) note(step Step) error {
	r.journal.Step = step
	if err := r.store.Note(r.journal); err != nil {
		return fmt.Errorf("writing the journal of the takeover: %w", err)
	}
	var err error
	r.found, r.noted, err = r.store.Load()
	r.journal = r.found
	return err
}

// save comes before anything is changed.
func (r *replacement) save(ctx context.Context) error {
	e, err := r.services.ReadEntry(ctx, r.journal.Service)
	if err != nil {
		return err
	}
	if err := r.store.SaveEntry(e); err != nil {
		return fmt.Errorf("saving its configuration: %w", err)
	}
	return r.note(Swapping)
}

// stopOld waits as long as NSSM's own waits may last.
func (r *replacement) stopOld(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.options.Timeout+r.install.Times.Stop, errors.New("it hasn't stopped in time"))
	defer cancel()
	return r.services.Stop(ctx, r.journal.Service)
}

func (r *replacement) change(ctx context.Context) error {
	spec := r.install.Spec
	if !r.journal.InPlace && spec.StartType != manager.Disabled {
		spec.StartType = manager.Manual // both at boot would want the same ports
	}
	changes, err := r.services.Install(ctx, spec)
	for _, remark := range changes.Remarks {
		if err == nil && !slices.Contains(r.plan.Remarks, remark) {
			r.print("  note: %s", remark)
		}
	}
	return err
}

// swapAtBoot is the moment in which the new service takes the old one's place at boot. Between the two calls both would start.
func (r *replacement) swapAtBoot(ctx context.Context) error {
	if _, err := r.services.Install(ctx, r.install.Spec); err != nil {
		return err
	}
	return r.services.Enable(ctx, r.journal.Service, manager.Disabled)
}

// finish is finishLocked for a call that finds the work of an interrupted one.
func (r *replacement) finish(ctx context.Context) error {
	if r.options.DryRun {
		return r.answer("an earlier call was interrupted: what belongs beside the service %s would be registered\n", r.name)
	}
	def, err := install.Load(r.journal.Definition, nil)
	if err != nil {
		return err
	}
	if r.install, err = install.New(def, nil, r.place, install.Request{}); err != nil {
		return err
	}
	r.fitSpec(r.journal.InPlace, r.journal.Service)
	return r.locked(func() error { return r.finishLocked(ctx) })
}

// finishLocked registers what belongs beside a service. The fallback is the last: it would have started what the swap had stopped.
func (r *replacement) finishLocked(ctx context.Context) error {
	err := r.install.SaveRecord()
	if err == nil && !r.journal.Running {
		err = wanted.Save(r.place.Config, false, "replaced NSSM's, which didn't run")
	}
	if err == nil {
		err = r.install.AddCompanions(ctx)
	}
	if err == nil {
		err = r.note(Done)
	}
	if err != nil {
		return fmt.Errorf("%s is daruma's, but not all that belongs beside it is there: %w (call it again)", r.name, err)
	}
	r.print("%s is daruma's; see: daruma status %s. NSSM gets it back with: daruma import nssm %s --undo", r.name, r.name, quotedName(r.journal.Service))
	return nil
}
