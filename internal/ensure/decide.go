package ensure

import (
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/wanted"
	"github.com/daruma-sh/daruma/service/manager"
)

// Action is what follows from how a service is.
type Action string

// The actions.
const (
	Fine   Action = "fine"   // it runs
	Leave  Action = "leave"  // it doesn't run, and is not to
	Await  Action = "await"  // the service manager is at it, or about to be
	Start  Action = "start"  // it should run and doesn't
	Enable Action = "enable" // it should run, but its start type was changed since it was installed
)

// Facts are all that a decision depends on.
type Facts struct {
	Status    manager.Status
	Wanted    *wanted.State      // nil: none of this boot
	Installed *manager.StartType // what install recorded; nil: no record
	Uptime    time.Duration      // of the machine, time asleep included
}

const (
	// bootTime is what the service manager gets to start automatic services itself. Starting earlier would be harmless, but
	// would look like trouble where there is none.
	bootTime = 50 * time.Second
	// delayedTime is the same for a delayed start: AutoStartDelay, 120 s unless set, and then one after another.
	delayedTime = 4 * time.Minute
)

// Decide says what to do, and why in words that follow "shop: ".
func Decide(f Facts) (Action, string) {
	switch f.Status.State {
	case manager.Running, manager.Reloading:
		return Fine, "runs"
	case manager.Paused, manager.Pausing:
		return Leave, "is paused"
	case manager.Stopped, manager.Failed:
	default:
		return Await, "is " + string(f.Status.State)
	}
	if f.Wanted != nil && f.Wanted.Ended {
		return Leave, fmt.Sprintf("ended by itself at %s: %s", f.Wanted.At.Format("2006-01-02 15:04:05"), f.Wanted.Why)
	}
	if f.Wanted != nil && !f.Wanted.Wanted {
		return Leave, fmt.Sprintf("was stopped on purpose at %s: %s", f.Wanted.At.Format("2006-01-02 15:04:05"), f.Wanted.Why)
	}
	if code := wanted.ExitCode(f.Status); code == exitcode.ProgramsFailed { // the note is lost, and the service manager's word is enough
		return Leave, "ended by itself: " + code.String()
	}
	never, how := ended(f.Status)
	start := f.Status.StartType
	switch {
	case start == manager.Disabled || start == manager.Manual:
		if f.Installed != nil && changedStart(*f.Installed, start) {
			return Enable, fmt.Sprintf("was installed with start type %s, which was changed to %s", *f.Installed, start)
		}
		// A manual service that was started and died is wanted until somebody stops it.
		if start == manager.Manual && f.Wanted != nil && f.Status.State == manager.Failed {
			return Start, how
		}
		return Leave, fmt.Sprintf("isn't to run by itself: its start type is %s", start)
	case never && f.Uptime < startsWithin(start):
		return Await, fmt.Sprintf("hasn't been started yet: the machine is up for %s, start type %s", f.Uptime.Round(time.Second), start)
	case never:
		return Start, how
	case f.Status.State == manager.Stopped:
		return Leave, "was stopped on purpose, or has done its work: " + how
	}
	return Start, how
}

// changedStart tells whether a service that was installed to start at boot doesn't any more.
func changedStart(installed, now manager.StartType) bool {
	return automatic(installed) && !automatic(now)
}

func automatic(t manager.StartType) bool { return t == manager.Automatic || t == manager.Delayed }

func startsWithin(t manager.StartType) time.Duration {
	if t == manager.Delayed {
		return delayedTime
	}
	return bootTime
}

// ended tells whether the service was never started since boot, and how it came to be down.
func ended(s manager.Status) (never bool, how string) {
	const neverStarted = "wasn't started since the machine's boot"
	switch {
	case s.SCM != nil && s.SCM.Win32ExitCode == 1077: // ERROR_SERVICE_NEVER_STARTED
		return true, neverStarted
	case s.SCM != nil && s.SCM.Win32ExitCode == 0:
		return false, "it ended without an error"
	case s.SCM != nil:
		return false, "is down: " + s.Outcome()
	case s.Systemd != nil && s.State == manager.Stopped && s.Since.IsZero():
		return true, neverStarted
	case s.Systemd != nil && s.State == manager.Stopped:
		return false, "it ended without an error"
	case s.Systemd != nil:
		return false, "is down: " + s.Outcome()
	}
	return false, "is " + string(s.State)
}
