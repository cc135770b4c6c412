package takeover

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/migrate/nssm"
	"github.com/daruma-sh/daruma/internal/operate"
	"github.com/daruma-sh/daruma/service/manager"
)

// undo goes back, unless that is done already or impossible.
func (r *replacement) undo(ctx context.Context, service string) error {
	if !r.noted {
		return fmt.Errorf("%s: nothing is kept of a service of NSSM that daruma has replaced", service)
	}
	if r.journal.Step == Undone {
		return r.answer("%s is NSSM's; nothing changed\n", r.journal.Service)
	}
	if now, err := nssm.Installed(r.journal.Service); r.journal.InPlace && !r.journal.Pending() && err == nil && !now.TakenOver() {
		return fmt.Errorf("%s isn't daruma's any more: somebody has installed it anew. What was saved of the old one is in %s", r.journal.Service, r.store.Folder)
	}
	saved, err := r.store.LoadEntry()
	if err != nil {
		return fmt.Errorf("what was saved of %s can't be read: %w", r.journal.Service, err)
	}
	password, err := r.passwordBack(ctx, saved)
	if err != nil {
		return err
	}
	if !r.journal.Pending() {
		r.journal.Running, err = r.runs(ctx)
		if err != nil {
			return err
		}
	}
	if r.options.DryRun {
		then := "not started, because daruma's doesn't run"
		if r.journal.Running {
			then = "started"
		}
		return r.answer("%s would be stopped, put back to what is saved in %s, and %s\nnothing was changed\n", r.name, r.store.Folder, then)
	}
	return r.locked(func() error { return r.backWith(context.WithoutCancel(ctx), password) })
}

// passwordBack: an entry that was deleted is made anew, and its account's password was never saved. Rights are checked first.
func (r *replacement) passwordBack(ctx context.Context, saved manager.Entry) (manager.Password, error) {
	err := r.services.MayRestore(ctx, saved.Name)
	if !errors.Is(err, manager.ErrNotInstalled) {
		return "", err
	}
	if err := r.services.MayInstall(ctx, saved.Name); err != nil || !manager.NeedsPassword(saved.Account) || saved.Account == "LocalSystem" ||
		strings.HasPrefix(strings.ToUpper(saved.Account), `NT AUTHORITY\`) || r.options.DryRun {
		return "", err
	}
	password, err := r.options.Password.Read(saved.Account)
	if err != nil {
		return "", &install.UsageError{Err: fmt.Errorf("the entry of %s was removed, so that Windows wants the password of %s anew: %w", saved.Name, saved.Account, err)}
	}
	return manager.Password(password), nil
}

// runs tells whether daruma's service runs now.
func (r *replacement) runs(ctx context.Context) (bool, error) {
	name := r.name
	if r.journal.InPlace {
		name = r.journal.Service
	}
	status, err := r.services.Status(ctx, name)
	if errors.Is(err, manager.ErrNotInstalled) {
		return r.journal.Running, nil
	}
	return err == nil && operate.HasProcess(status), err
}

func (r *replacement) back(ctx context.Context) error { return r.backWith(ctx, "") }

// backWith goes back. It may be interrupted anywhere and called again: each step checks whether it has been done.
func (r *replacement) backWith(ctx context.Context, password manager.Password) error {
	saved, err := r.store.LoadEntry()
	if err != nil {
		return fmt.Errorf("what was saved of %s can't be read: %w", r.journal.Service, err)
	}
	if err := r.note(Back); err != nil {
		return err
	}
	list := []swapStep{
		{"removing what belongs beside it", "", r.removeBeside},
		{"putting the configuration back", "put back", func(ctx context.Context) error { return r.putBack(ctx, saved, password) }},
	}
	if !r.journal.InPlace {
		list = append(list, swapStep{"removing " + r.name, "removed " + r.name, r.removeNew})
	}
	if r.journal.Running {
		list = append(list, swapStep{"starting " + r.journal.Service, "started", r.startOld})
	}
	list = append(list, swapStep{"noting it", "", func(context.Context) error { return r.note(Undone) }})
	if err := r.steps(ctx, list); err != nil {
		return err
	}
	r.print("%s is NSSM's; its configuration is what it was", r.journal.Service)
	return nil
}

// removeBeside is the first step: the fallback would start what is about to be stopped.
func (r *replacement) removeBeside(ctx context.Context) error {
	_, err := install.RemoveCompanions(ctx, r.name, r.place)
	return err
}

// putBack stops daruma's service where it is this entry, and restores it.
func (r *replacement) putBack(ctx context.Context, saved manager.Entry, password manager.Password) error {
	now, err := r.services.ReadEntry(ctx, saved.Name)
	if err != nil && !errors.Is(err, manager.ErrNotInstalled) {
		return err
	}
	same := err == nil && len(saved.Differences(now)) == 0
	if r.journal.InPlace && err == nil && (!same || operate.Supervised(ctx, r.name)) {
		if err := r.services.Stop(ctx, saved.Name); err != nil {
			return err
		}
	}
	if same {
		return nil
	}
	return r.services.RestoreEntry(ctx, saved, password)
}

// removeNew comes after the old entry starts at boot again, and before it is started: they want the same ports.
func (r *replacement) removeNew(ctx context.Context) error {
	_, err := r.services.Uninstall(ctx, r.name)
	if errors.Is(err, manager.ErrNotInstalled) {
		return nil
	}
	return err
}

// startOld also waits for an old one that was told to stop and hasn't yet.
func (r *replacement) startOld(ctx context.Context) error {
	status, err := r.services.Status(ctx, r.journal.Service)
	if err == nil && status.State == manager.Stopping {
		err = r.services.Stop(ctx, r.journal.Service)
	}
	if err == nil && status.State != manager.Paused { // NSSM's word for a wait between restarts
		err = r.services.Start(ctx, r.journal.Service)
	}
	if err != nil {
		return fmt.Errorf("NSSM's service is what it was, but doesn't start: %w", err)
	}
	return nil
}
