package ensure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/systemlog"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// Options say how far Run may go.
type Options struct {
	Name    string
	Enable  bool          // set a changed start type back to what was installed, automatic where that isn't known
	Repair  bool          // bring the registration back to what install recorded
	Wait    time.Duration // what the service manager's own restart gets before ensure starts the service itself
	Timeout time.Duration // for all of it; what was begun goes on after that
}

// Result is what Run found and did.
type Result struct {
	Service string            `json:"service"`
	Action  Action            `json:"action"` // what was called for at the end
	Reason  string            `json:"reason"` // in words, to follow "shop: "
	Acted   bool              `json:"acted"`  // something was started, enabled or repaired
	Running bool              `json:"running"`
	State   manager.State     `json:"state,omitempty"`
	Start   manager.StartType `json:"startType"`
	Waited  float64           `json:"waitedSeconds,omitempty"` // for the service manager
	Took    float64           `json:"tookSeconds"`
	Changes []manager.Change  `json:"changes,omitempty"` // by Repair and Enable
	Remarks []string          `json:"remarks,omitempty"`
}

// run is one call of Run.
type run struct {
	Options
	services manager.Manager
	place    folders.Folders
	begun    time.Time
	facts    Facts // of the last check
	result   Result
}

// Run checks the service and starts it where it should run and doesn't. Errors are those of manager.Manager; Result says in any
// case what was found until then.
func Run(ctx context.Context, m manager.Manager, place folders.Folders, o Options) (Result, error) {
	r := &run{Options: o, services: m, place: place, begun: time.Now(), result: Result{Service: o.Name}}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("not done within %v", o.Timeout))
		defer cancel()
	}
	err := r.run(ctx)
	r.result.Took = time.Since(r.begun).Seconds()
	return r.result, err
}

func (r *run) run(ctx context.Context) error {
	if r.Repair {
		if err := r.repair(ctx); err != nil {
			return err
		}
	}
	action, err := r.wait(ctx)
	if err != nil {
		return err
	}
	if action == Enable && r.Enable {
		if err := r.enable(ctx); err != nil {
			return err
		}
		action = Start
	} else if r.Enable {
		if err := r.enableAtBoot(ctx); err != nil {
			return err
		}
	}
	if action == Fine || action == Leave {
		r.forgetFailure()
	}
	if action != Start {
		return nil
	}
	return r.start(ctx)
}

// check asks the service manager how the service is, and decides.
func (r *run) check(ctx context.Context) (Facts, Action, error) {
	status, err := r.services.Status(ctx, r.Name)
	if err != nil {
		return Facts{}, "", err
	}
	f := Facts{Status: status}
	r.result.State, r.result.Start, r.result.Running = status.State, status.StartType, status.Up()
	if !status.Up() { // the rest is needed for nothing else
		f.Uptime = monotonic.SinceBoot()
		if w, ok := wanted.Load(r.place); ok {
			f.Wanted = &w
		}
		f.Installed = r.installed(status)
	}
	r.facts = f
	action, why := Decide(f)
	r.result.Action, r.result.Reason = action, why
	return f, action, nil
}

// installed is the start type that install recorded. Without a record, a disabled service is taken for one that was automatic only if
// Enable is set.
func (r *run) installed(status manager.Status) *manager.StartType {
	record, err := record.Load(r.place.Config)
	if err == nil {
		return &record.Spec.StartType
	}
	if r.Enable && status.StartType == manager.Disabled {
		automatic := manager.Automatic
		return &automatic
	}
	return nil
}

// wait checks until the decision doesn't depend on the service manager any more: it gives it the time for its own restart.
func (r *run) wait(ctx context.Context) (Action, error) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		f, action, err := r.check(ctx)
		if err != nil {
			return "", err
		}
		waited := time.Since(r.begun)
		if !pending(action, f.Status) || waited >= r.Wait {
			return action, nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-tick.C:
			r.result.Waited = time.Since(r.begun).Seconds()
		}
	}
}

// pending tells whether the service manager may still start the service itself. systemd says so (auto-restart); the SCM doesn't say
// whether one of its recovery actions is about to run.
func pending(action Action, s manager.Status) bool {
	return action == Await || action == Start && s.SCM != nil && s.State == manager.Failed
}

func (r *run) enable(ctx context.Context) error {
	want := manager.Automatic
	if record, err := record.Load(r.place.Config); err == nil {
		want = record.Spec.StartType
	}
	have := r.result.Start
	if err := r.services.Enable(ctx, r.Name, want); err != nil {
		return err
	}
	r.result.Changes = append(r.result.Changes, manager.Change{Setting: "start type", From: have.String(), To: want.String()})
	r.result.Start, r.result.Acted = want, true
	return nil
}

// enableAtBoot sets back the start type of a service that runs, or is down on purpose: the next boot would leave it down.
func (r *run) enableAtBoot(ctx context.Context) error {
	installed := r.installed(r.facts.Status)
	if installed == nil || !changedStart(*installed, r.facts.Status.StartType) {
		return nil
	}
	return r.enable(ctx)
}

// start starts the service, with a note for its incident record.
func (r *run) start(ctx context.Context) error {
	n := r.note()
	if err := r.services.Start(ctx, r.Name); err != nil {
		n.Failed = true
		r.writeNote(n)
		return err
	}
	r.result.Acted, r.result.Running, r.result.Action = true, true, Start
	status, err := r.services.Status(ctx, r.Name)
	if err == nil {
		r.result.State = status.State
	}
	return nil
}

// repair brings the registration and the fallback back to what was recorded.
//
// What the record says is done with the rights of SYSTEM or root, so it counts only where nobody else can have written it: a folder of
// DARUMA_HOME may belong to the service's account.
func (r *run) repair(ctx context.Context) error {
	if err := safe(r.place.Config); err != nil {
		return fmt.Errorf("what was installed can't be relied on: %w", err)
	}
	installed, err := record.Load(r.place.Config)
	if errors.Is(err, record.ErrNone) {
		return fmt.Errorf("%w; daruma install makes one", err)
	} else if err != nil {
		return err
	}
	if installed.Spec.Name != r.Name {
		return fmt.Errorf("the record in %s is of the service %q: install it again", r.place.Config, installed.Spec.Name)
	}
	changes, err := r.services.Install(ctx, installed.Spec)
	if err != nil {
		return err
	}
	r.took(changes)
	if err := r.repairSource(installed.Spec.Executable); err != nil {
		return err
	}
	if installed.Fallback == nil {
		return nil
	}
	changes, err = r.services.RegisterTask(ctx, *installed.Fallback)
	r.took(changes)
	return err
}

// repairSource registers the event source where that is wrong; there is nothing to do on Linux.
func (r *run) repairSource(executable string) error {
	problems, err := systemlog.CheckEventSource(r.Name, executable)
	if err != nil || len(problems) == 0 {
		return err
	}
	r.took(manager.Changes{Changed: []manager.Change{{Setting: "event source " + r.Name, From: problems[0], To: executable}}})
	return systemlog.RegisterEventSource(r.Name, executable)
}

func (r *run) took(c manager.Changes) {
	r.result.Changes = append(r.result.Changes, c.Changed...)
	r.result.Remarks = append(r.result.Remarks, c.Remarks...)
	r.result.Acted = r.result.Acted || !c.None()
}
