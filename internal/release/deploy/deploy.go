package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// Deployer changes the current release of one service.
type Deployer struct {
	Store      *store.Store
	Root       string // the service's config folder
	Supervisor Supervisor
	Settings   Settings
	Output     io.Writer                       // of hooks
	Say        func(format string, arg ...any) // what is done, in words
	// Readable has the account of an installed service read a file of the machine's own configuration; nil: whoever deploys runs the service.
	Readable func(file string) error
}

// FallenError says that a release was tried and didn't stay. The release before is in force again.
type FallenError struct {
	Version    string
	Why        string
	LastOutput []string
	Back       string        // the release that is in force again; "": none
	Stays      bool          // there is none to go back to, and the service runs: it is in force still
	Took       time.Duration // until that was up
	Problem    error         // what went wrong on the way back; nil: nothing
}

func (e *FallenError) Error() string {
	text := fmt.Sprintf("release %s didn't stay: %s", e.Version, e.Why)
	switch {
	case isNotUp(e.Problem):
		text += fmt.Sprintf(". %s is in force again, but ISN'T UP: %v", e.Back, e.Problem)
	case isRefusal(e.Problem):
		text += fmt.Sprintf(". Going back to %s FAILED: %v. What runs, runs on: deploy another release", e.Back, e.Problem)
	case e.Problem != nil:
		text += fmt.Sprintf(". Going back to %s FAILED: %v", e.Back, e.Problem)
	case e.Stays:
		text += ". There is no release to go back to, so it stays in force: deploy another one"
	case e.Back != "":
		text += fmt.Sprintf(". %s is back, after %.1f s", e.Back, e.Took.Seconds())
	}
	return text
}

// Run carries a plan out. The error is a *[FallenError] where the release was tried; any other says that the current release was left as it
// is.
func (d *Deployer) Run(ctx context.Context, c *Candidate, plan *Plan) error {
	now := time.Now()
	release := store.Release{Version: plan.Version, Status: store.New, Deployed: now, Manifest: plan.Sum, SignedBy: c.SignedBy,
		Size: c.Package.Manifest.Unpacked()}
	if len(c.pin) > 0 {
		if err := store.Pin(d.Root, c.pin); err != nil {
			return err
		}
	}
	state := &d.Store.State
	state.Deploy = &store.Deploy{Version: plan.Version, From: d.wayBack(plan), Step: store.Unpacking, Began: now,
		MinReady: d.Settings.MinReady, ProgressDeadline: d.Settings.ProgressDeadline,
		HistoryLimit: d.Settings.HistoryLimit}
	if err := d.Store.Save(); err != nil {
		return err
	}
	err := d.unpack(ctx, c, plan)
	if err == nil {
		release.Backup, err = d.backUp(ctx, plan)
		if err != nil {
			err = errors.Join(err, d.Store.Abandon(plan.Version))
		}
	}
	if err != nil {
		state.Deploy = nil
		d.lost(plan.Version)
		return errors.Join(err, d.Store.Save())
	}
	if before := state.Find(plan.Version); before != nil && release.Backup == 0 { // that of an earlier try is there still
		release.Backup = before.Backup
	}
	state.Put(release)
	return d.change(ctx, plan.Running)
}

// wayBack is the release to which the deploy would go back: the current one, or where somebody has removed of that the last one before that is
// whole; "": there is none.
func (d *Deployer) wayBack(plan *Plan) string {
	if plan.From == "" {
		return ""
	}
	lacks := d.Store.Whole(plan.From)
	if lacks == nil {
		return plan.From
	}
	for _, r := range d.Store.State.Earlier() {
		if r.Version != plan.Version && d.Store.Whole(r.Version) == nil {
			d.Say("%v: where %s doesn't stay, %s comes back", lacks, plan.Version, r.Version)
			return r.Version
		}
	}
	d.Say("%v, and no other one is: where %s doesn't stay, there is nothing to go back to", lacks, plan.Version)
	return ""
}

// lost notes that a release whose files a deploy removed, to unpack it again, can't be gone back to. One that has fallen stays barred.
func (d *Deployer) lost(version string) {
	r := d.Store.State.Find(version)
	if r == nil || d.Store.Has(version) {
		return
	}
	switch r.Status {
	case store.New, store.Kept, store.Unproven:
		r.Status, r.Why = store.Interrupted, "it was to be deployed again, which failed, and its files are gone"
	}
}

// unpack brings the release's files and the machine's configuration to where they will be, and runs its hook.
func (d *Deployer) unpack(ctx context.Context, c *Candidate, plan *Plan) error {
	m := c.Package.Manifest
	if err := d.Store.Abandon(m.Version); err != nil { // an earlier try, whose conf/ is that of then
		return err
	}
	if err := d.makeRoom(m.Version, m.Unpacked()); err != nil {
		return err
	}
	err := d.Store.Add(m.Version, func(dir string) error {
		if err := c.Package.Unpack(dir); err != nil {
			return err
		}
		return store.Merge(dir, plan.Conf)
	})
	if err != nil {
		return err
	}
	d.Say("unpacked %d files", len(m.Files))
	d.letIn(m.Version, plan.Conf)
	if !plan.Hook {
		return nil
	}
	d.Say("running %s", beforeHook())
	err = runHook(ctx, d.Store.Folder(m.Version), m.Version, plan.From, d.Settings.HookTimeout, d.Output)
	if err != nil {
		return errors.Join(err, d.Store.Abandon(m.Version))
	}
	return nil
}

// letIn lets the service's account read the machine's own configuration, which may be closed to others. Where it can't be let in, the
// release may still do without.
func (d *Deployer) letIn(version string, conf []store.ConfFile) {
	if d.Readable == nil {
		return
	}
	for _, c := range conf {
		if err := d.Readable(filepath.Join(d.Store.Folder(version), filepath.FromSlash(c.Path))); err != nil {
			d.Say("%s: the service's account may not be able to read it: %v", c.Path, err)
		}
	}
}

// makeRoom removes old releases where there is no room for another of so many bytes: the disk mustn't be filled to its last byte, for the
// programs that run write, too. Where all of them together wouldn't make enough room, none is removed.
func (d *Deployer) makeRoom(version string, size int64) error {
	need, failed := uint64(size)+d.Settings.MinFree, error(nil)
	free := uint64(0)
	enough := func() bool {
		free, failed = freeSpace(d.Root)
		return failed != nil || free >= need
	}
	if !enough() && failed == nil {
		if old := d.Store.Removable(version); free+uint64(old) < need {
			return fmt.Errorf("%s has %.1f MiB free, releases that aren't needed take %.1f MiB, and the release takes %.1f MiB with what must stay free (--min-free-mib): make room",
				d.Root, mib(free), mib(uint64(old)), mib(need))
		}
	}
	removed, err := d.Store.Retain(func(int, *store.Release) bool { return enough() }, version)
	d.sayRemoved(removed)
	if !enough() && failed == nil {
		return errors.Join(err, fmt.Errorf("%s has %.1f MiB free, and the release takes %.1f MiB with what must stay free (--min-free-mib): make room", d.Root, mib(free), mib(need)))
	}
	if err != nil { // there is room all the same
		d.Say("an old release couldn't be removed: %v", err)
	}
	return failed
}

func mib(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

func (d *Deployer) sayRemoved(versions []string) {
	for _, version := range versions {
		d.Say("removed release %s, the oldest that isn't needed", version)
	}
}

// change puts the release in force that State.Deploy names, and keeps it where it comes up and stays up.
func (d *Deployer) change(ctx context.Context, running bool) error {
	state := &d.Store.State
	to := state.Deploy.Version
	state.Deploy.Step = store.Switching
	if err := errors.Join(d.Store.KeepBack(state.Deploy.From), d.Store.Save()); err != nil {
		state.Deploy = nil
		return errors.Join(err, d.Store.Save())
	}
	if err := d.Store.PutInForce(to); err != nil {
		return d.undo(ctx, running, &fall{why: err.Error()}, store.Interrupted)
	}
	state.Current, state.Deploy.Step = to, store.Soaking
	if err := d.Store.Save(); err != nil {
		return d.undo(ctx, running, &fall{why: err.Error()}, store.Interrupted)
	}
	if !running {
		return d.keep(store.Unproven)
	}
	d.Say("switched to %s; it has to be ready for %v", to, d.Settings.MinReady)
	return d.prove(ctx, control.VerbReload)
}

// prove keeps the current release where it passes the gate, and undoes it otherwise.
func (d *Deployer) prove(ctx context.Context, verb control.Verb) error {
	why := fmt.Sprintf("deploy of %s by %s", d.Store.State.Deploy.Version, d.Settings.Who)
	fallen := gate(ctx, d.Supervisor, verb, why, d.Settings)
	if fallen == nil {
		return d.keep(store.Kept)
	}
	status := store.Fallen
	if ctx.Err() != nil { // whoever deployed has gone: that says nothing of the release
		fallen.why, status = "the deploy was interrupted before it was proven", store.Interrupted
	}
	return d.undo(context.WithoutCancel(ctx), true, fallen, status)
}

// keep ends a deploy that succeeded.
func (d *Deployer) keep(status store.Status) error {
	state := &d.Store.State
	if r := state.Find(state.Current); r != nil {
		r.Status, r.Why, r.LastOutput = status, "", nil
		state.Put(*r)
	}
	state.Deploy = nil
	if err := d.Store.Save(); err != nil {
		return err
	}
	d.Store.ForgetBack()
	if status == store.Kept {
		if err := d.Store.ForgetEarlierBackups(state.Current); err != nil {
			d.Say("the backups of earlier tries couldn't be removed: %v", err)
		}
	}
	limit, now := d.Settings.HistoryLimit, time.Now()
	removed, err := d.Store.Retain(func(left int, oldest *store.Release) bool {
		return (limit == 0 || left <= max(limit, 2)) && (d.Settings.MaxAge == 0 || now.Sub(oldest.Deployed) <= d.Settings.MaxAge)
	})
	d.sayRemoved(removed)
	if err != nil { // the release is kept all the same
		d.Say("an old release couldn't be removed: %v", err)
	}
	return nil
}
