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
// that failed before.
func (r *run) note() incident.EnsureNote {
	now := time.Now().Round(0)
	o := incident.EnsureNote{Since: r.begun.Round(0), At: now, Cause: "the service " + r.result.Reason, Action: "daruma ensure started the service", Attempts: 1}
	if before, ok := incident.ReadEnsureNote(r.place.Config); ok && before.Failed {
		o.Since, o.Attempts = before.Since, before.Attempts+1
		o.Action = fmt.Sprintf("daruma ensure started the service, at the %d. attempt", o.Attempts)
	}
	r.writeNote(o)
	return o
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
