package systemlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/service/log/eventlog"
)

// openSink gives the Application log.
func openSink(service string) sink { return &application{name: service} }

// application reports to the Application log under the service's own source.
type application struct {
	name   string
	source *eventlog.Source // nil: not open
	failed error            // why it couldn't be opened
	again  time.Time        // when to try again
}

// reopenAfter is how long a source that can't be opened isn't tried again.
const reopenAfter = time.Minute

func (a *application) open() error {
	source, err := eventlog.Open(a.name)
	switch {
	case errors.Is(err, eventlog.ErrNotRegistered):
		return fmt.Errorf("no events in the Event Log: %w; daruma install does it", err)
	case err != nil:
		return fmt.Errorf("no events in the Event Log: %w", err)
	}
	a.source = source
	return nil
}

func (a *application) write(service string, entry Entry, e Event) error {
	if a.source == nil {
		if now := time.Now(); a.failed == nil || now.After(a.again) {
			a.failed, a.again = a.open(), now.Add(reopenAfter)
		}
		if a.failed != nil {
			return a.failed
		}
	}
	if err := a.source.Report(severity(entry.Severity), entry.Identifier(), service, e.Program, e.Reason); err != nil {
		a.close()
		return fmt.Errorf("an event isn't in the Event Log: %w", err)
	}
	return nil
}

func (a *application) close() {
	if a.source != nil {
		_ = a.source.Close()
		a.source = nil
	}
}

func severity(s Severity) eventlog.Severity {
	switch s {
	case Error:
		return eventlog.Error
	case Warning:
		return eventlog.Warning
	default:
		return eventlog.Information
	}
}
