package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// backTimeout is how long the release before may take to be up again before its return counts as failed. It comes back all the same.
const backTimeout = time.Minute

// undo puts the release in force again from which the deploy under way began, and notes why. The definition comes first: from the moment
// on in which the record calls a release fallen, no boot brings it back.
func (d *Deployer) undo(ctx context.Context, running bool, f *fall, status store.Status) error {
	ctx = context.WithoutCancel(ctx) // who has gone away leaves no half of it; it has a time of its own
	begin := time.Now()
	state := &d.Store.State
	if state.Deploy.Step == store.Switching && state.Current != "" && d.Store.InForce() == state.Current {
		state.Deploy.From = state.Current // nothing was switched: what runs stays, whole or not
	}
	fallen := &FallenError{Version: state.Deploy.Version, Why: f.why, LastOutput: f.lastOutput, Back: state.Deploy.From}
	state.Deploy.Step, state.Deploy.Why = store.Undoing, f.why
	if r := state.Find(fallen.Version); r != nil {
		r.Status, r.Why, r.LastOutput = status, f.why, f.lastOutput
	}
	if fallen.Stays = running && fallen.Back == "" && d.Store.InForce() == fallen.Version; fallen.Stays {
		state.Deploy, state.Current = nil, fallen.Version
		fallen.Problem, fallen.Took = d.Store.Save(), time.Since(begin)
		return fallen
	}
	err := d.bringBack(state.Deploy.From)
	saved := d.Store.Save() // a disk that takes no state takes the old definition all the same
	if err == nil {
		err = d.takeBack(ctx, running)
	}
	switch {
	case isRefusal(err) && state.Deploy.Was != nil:
		saved = d.stay()
	case err == nil || isNotUp(err) || isRefusal(err): // the same definition is refused the next time, too
		state.Deploy = nil
		saved = d.Store.Save()
	}
	fallen.Problem, fallen.Took = errors.Join(saved, err), time.Since(begin)
	return fallen
}

// notUpError says that the service has taken the release to which it went back, and that its programs don't come up. There is nothing left to
// undo then; what else is wrong may take another release to set right.
type notUpError struct{ error }

func (e *notUpError) Unwrap() error { return e.error }

func isNotUp(err error) bool {
	notUp := (*notUpError)(nil)
	return errors.As(err, &notUp)
}

// refusal says that the supervisor doesn't take a definition. No program was touched.
type refusal struct{ error }

func (e *refusal) Unwrap() error { return e.error }

func isRefusal(err error) bool {
	refused := (*refusal)(nil)
	return errors.As(err, &refused)
}

// bringBack brings the definition of a release back; "": there was none.
func (d *Deployer) bringBack(version string) error {
	d.Store.State.Current = version
	if version == "" {
		return d.Store.TakeOutOfForce()
	}
	return d.Store.BringBack(version)
}

// stay ends a rollback to a release that is refused: the one that it was to leave, whose programs run, is in force again.
func (d *Deployer) stay() error {
	state := &d.Store.State
	from, was, target := state.Deploy.Version, state.Deploy.Was, state.Current
	err := d.bringBack(from)
	if err != nil {
		state.Current = target
	} else if r := state.Find(from); r != nil && was != nil {
		r.Status, r.Why = was.Status, was.Why
	}
	state.Deploy = nil
	return errors.Join(err, d.Store.Save())
}

// takeBack has the service take the definition that was brought back.
func (d *Deployer) takeBack(ctx context.Context, running bool) error {
	from := d.Store.State.Deploy.From
	if from == "" || !running {
		return nil
	}
	d.Say("going back to %s", from)
	why := fmt.Sprintf("back to %s: %s didn't stay", from, d.Store.State.Deploy.Version)
	if d.Store.State.Deploy.Version == "" {
		why = fmt.Sprintf("back to %s: %s", from, d.Store.State.Deploy.Why)
	}
	err := d.reload(ctx, why, moment)
	if err == nil || isRefusal(err) {
		return err
	}
	// Where it has taken the definition, another reload changes nothing.
	if again := d.reload(ctx, why, 0); again != nil {
		return err
	}
	return &notUpError{err}
}

// moment has the answer to an order come with readiness; in seconds. With 0 nothing is waited for.
const moment = 0.01

// reload has the service take the definition, and waits until its programs have been ready for so many seconds.
func (d *Deployer) reload(ctx context.Context, why string, minReadySeconds float64) error {
	ctx, cancel := context.WithTimeout(ctx, backTimeout)
	defer cancel()
	answer, err := d.Supervisor.Command(ctx, control.Command{Verb: control.VerbReload, Reason: why, MinReadySeconds: minReadySeconds})
	if err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return &refusal{fmt.Errorf("its definition is refused: %s", strings.Join(answer.Errors, "; "))}
	}
	for _, r := range answer.Results {
		if !r.Done {
			err = errors.Join(err, fmt.Errorf("%s is %s: %s", r.Program, r.State, r.Message))
		}
	}
	return err
}

// Settle ends a deploy that was interrupted, by a power cut for example: one that hadn't switched is forgotten, one that was in force is
// proven now where the service runs, and undone otherwise. It says what it did. The error is a *[FallenError] where the release went back.
func (d *Deployer) Settle(ctx context.Context) error {
	state := &d.Store.State
	if err := d.Store.Sweep(); err != nil { // on Windows an open file is enough; the next deploy tries again
		d.Say("what an earlier deploy left couldn't be removed: %v", err)
	}
	if state.Deploy == nil {
		return nil
	}
	settings := d.Settings
	defer func() { d.Settings = settings }()
	if state.Deploy.MinReady > 0 && state.Deploy.ProgressDeadline > state.Deploy.MinReady { // what it was to be judged by
		d.Settings.MinReady, d.Settings.ProgressDeadline = state.Deploy.MinReady, state.Deploy.ProgressDeadline
	}
	d.Settings.HistoryLimit = state.Deploy.HistoryLimit
	version, step := state.Deploy.Version, state.Deploy.Step
	d.Say("%s was interrupted, in the step %q", state.Deploy.What(), step)
	if step == store.Unpacking || step == store.BackingUp {
		if err := d.Store.Abandon(version); err != nil { // what has lost its name is swept by the next deploy
			d.Say("what it left couldn't be removed: %v", err)
		}
		d.lost(version)
		state.Deploy = nil
		return d.Store.Save()
	}
	running, err := runsFrom(ctx, d.Supervisor, d.Root, "the service")
	if err != nil {
		return err
	}
	if step == store.Switching && state.Deploy.From == "" && state.Current != "" && d.Store.InForce() == version {
		state.Current, state.Deploy.Step, step = version, store.Soaking, store.Soaking // there is no way back, so it is proven as one that soaks
	}
	why, status := "its deploy was interrupted", store.Interrupted
	switch {
	case step == store.Soaking && d.Store.InForce() != version: // going back began, and why wasn't written down any more
		why, status = "it was being taken back when its deploy was interrupted", store.Fallen
	case step == store.Soaking && running:
		return d.resume(ctx)
	case step == store.Soaking && state.Deploy.From == "": // there is nothing better, and it was as good as kept: nobody sees it work
		d.Say("%s is in force, and nobody has seen it work", version)
		return d.keep(store.Unproven)
	case step == store.Undoing:
		why = state.Deploy.Why
		if r := state.Find(version); r != nil {
			status = r.Status
		}
	}
	err = d.undo(ctx, running, &fall{why: why}, status)
	if fallen := (*FallenError)(nil); errors.As(err, &fallen) && fallen.Problem != nil {
		switch {
		case isRefusal(fallen.Problem):
			d.Say("%s couldn't be gone back to: %v. %s is in force", orNone(fallen.Back), fallen.Problem, orNone(state.Current))
		case isNotUp(fallen.Problem):
			d.Say("%s is in force, but isn't up: %v", orNone(state.Current), fallen.Problem)
		default:
			return fallen.Problem
		}
		return nil
	}
	d.Say("%s is in force", orNone(state.Current))
	return nil
}

// resume proves a release whose soak was interrupted. The service may not have been told of it before the deploy was cut off; where it was,
// a reload changes nothing, and the wait is what is left of the soak.
func (d *Deployer) resume(ctx context.Context) error {
	if err := d.reload(ctx, "the interrupted deploy of "+d.Store.State.Deploy.Version, 0); err != nil {
		status := store.Fallen
		if ctx.Err() != nil { // as in prove
			status = store.Interrupted
		}
		return d.undo(ctx, true, &fall{why: err.Error()}, status)
	}
	return d.prove(ctx, control.VerbAwait)
}

func orNone(version string) string {
	if version == "" {
		return "no release"
	}
	return version
}

// Rollback goes back to version, or where that is "" to the last release that was kept before the current one. It takes as long as the
// programs do, and waits for no soak: the release has been kept before. The error is a *[RefusedError] where nothing was changed.
func (d *Deployer) Rollback(ctx context.Context, version string) error {
	state := &d.Store.State
	var target *store.Release
	var lacks error
	if version != "" {
		if target = state.Find(version); target != nil {
			lacks = d.Store.Whole(version)
		}
	} else {
		target, lacks = d.lastWhole()
	}
	switch {
	case target == nil && lacks != nil:
		return refuse("no release to go back to is whole: %w", lacks)
	case target == nil && version == "":
		return refuse("there is no release to go back to")
	case target == nil:
		return refuse("release %s isn't here any more: daruma releases lists those that are", version)
	case lacks != nil:
		return refuse("%w: daruma rollback NAME VERSION goes back to another one", lacks)
	case target.Version == state.Current:
		return refuse("%s is the current release already", target.Version)
	case target.Status == store.Fallen && !d.Settings.Again:
		return refuse("release %s has fallen here: %s. --again takes it all the same", target.Version, target.Why)
	}
	running, err := runsFrom(ctx, d.Supervisor, d.Root, "the service")
	if err != nil {
		return err
	}
	return d.goBack(ctx, running, *target)
}

// lastWhole is the release to go back to; nil with what is wrong with those that aren't whole.
func (d *Deployer) lastWhole() (*store.Release, error) {
	var all error
	for _, r := range d.Store.State.Earlier() {
		err := d.Store.Whole(r.Version)
		if err == nil {
			return r, nil
		}
		d.Say("%v: going on to the one before", err)
		all = errors.Join(all, err)
	}
	return nil, all
}

func (d *Deployer) goBack(ctx context.Context, running bool, target store.Release) error {
	state := &d.Store.State
	from := state.Current
	state.Deploy = &store.Deploy{Version: from, From: target.Version, Step: store.Undoing, Began: time.Now(), Why: "rolled back by " + d.Settings.Who}
	if r := state.Find(from); r != nil {
		was := *r
		state.Deploy.Was = &was
		r.Status, r.Why = store.RolledBack, "rolled back to "+target.Version+" by "+d.Settings.Who
	}
	if err := d.Store.Save(); err != nil {
		return err
	}
	err := d.bringBack(target.Version)
	if err == nil {
		err = d.takeBack(ctx, running)
	}
	if isRefusal(err) {
		if failed := d.stay(); failed != nil {
			return errors.Join(err, failed)
		}
		return refuse("release %s can't be gone back to: %w. %s stays in force", target.Version, err, orNone(from))
	}
	if err != nil && !isNotUp(err) {
		return err
	}
	if err == nil { // the next rollback may come back to it
		switch target.Status {
		case store.RolledBack:
			target.Status = store.Kept
		case store.Fallen, store.Interrupted, store.New:
			target.Status = store.Unproven
		}
		target.Why, target.LastOutput = "", nil
	}
	target.Deployed = time.Now()
	state.Put(target)
	state.Deploy = nil
	return errors.Join(d.Store.Save(), err)
}
