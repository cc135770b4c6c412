package ensure

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/incident"
)

// note leaves a note for the incident record before the service is started, so that its supervisor finds it. It counts the attempts
// that failed before: those since the service last started, however it was started.
func (r *run) note() incident.EnsureNote {
	now := time.Now().Round(0)
	since, kind := r.downSince(now)
	o := incident.EnsureNote{Since: since, Kind: kind, At: now, Cause: "the service " + r.result.Reason, Action: "daruma ensure started the service", Attempts: 1}
	if before, ok := incident.ReadEnsureNote(r.place.Config); ok && before.Failed && !before.Taken(r.place.State) {
		o.Since, o.Kind, o.Attempts = before.Since, before.Kind, before.Attempts+1
		o.Action = fmt.Sprintf("daruma ensure started the service, at the %d. attempt", o.Attempts)
	}
	r.writeNote(o)
	return o
}

// downSince gives when the service went down, as far as the service manager tells, and what was down.
func (r *run) downSince(now time.Time) (time.Time, incident.Kind) {
	if never, _ := ended(r.facts.Status); never {
		return now.Add(-r.facts.Uptime), incident.Service
	}
	if since := r.facts.Status.Since; !since.IsZero() && since.Before(r.begun) { // systemd; the SCM doesn't tell
		return since.Round(0), incident.Keeper
	}
	return r.begun.Round(0), incident.Keeper
}

// forgetFailure removes the note of an attempt that failed: the service runs, or isn't to, so the next fall is another one.
func (r *run) forgetFailure() {
	if before, ok := incident.ReadEnsureNote(r.place.Config); !ok || !before.Failed || safe(r.place.Config) != nil {
		return
	}
	if err := incident.ForgetEnsureNote(r.place.Config); err != nil {
		r.result.Remarks = append(r.result.Remarks, "the note of an earlier attempt is left: "+err.Error())
	}
}

// safe gives an error where others than administrators decide what is in folder; nil where they don't, or it isn't there.
func safe(folder string) error {
	if err := access.Exposed(folder); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeNote writes the note. A failure becomes a remark, and is no reason not to start the service.
func (r *run) writeNote(o incident.EnsureNote) {
	err := safe(r.place.Config) // else a link decides where root or SYSTEM makes a file
	if err == nil {
		err = incident.WriteEnsureNote(r.place.Config, o)
	}
	if err != nil {
		r.result.Remarks = append(r.result.Remarks, "no incident is recorded: "+err.Error())
	}
}
