package systemlog

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// sources is where the sources of the Application log are registered.
const sources = `SYSTEM\CurrentControlSet\Services\EventLog\Application\`

// openSink gives the Application log.
func openSink(service string) sink { return &application{source: service} }

// application reports to the Application log under the service's own source.
type application struct {
	source string
	handle windows.Handle // 0: not open
	refuse error          // why it couldn't be opened
	again  time.Time      // when to try again
}

// patience is how long a source that can't be opened isn't tried again.
const patience = time.Minute

// open looks into the registry first: RegisterEventSource succeeds for a source that nobody registered, and its events
// then read "the description cannot be found". Source: learn.microsoft.com, RegisterEventSourceW, Remarks.
func (a *application) open() error {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, sources+a.source, registry.QUERY_VALUE)
	if err != nil {
		return fmt.Errorf("no events in the Event Log: event source %s isn't registered (%w); daruma install does it", a.source, err)
	}
	_ = key.Close()
	name, err := windows.UTF16PtrFromString(a.source)
	if err != nil {
		return fmt.Errorf("no events in the Event Log: event source %q: %w", a.source, err)
	}
	if a.handle, err = windows.RegisterEventSource(nil, name); err != nil {
		return fmt.Errorf("no events in the Event Log: opening event source %s: %w", a.source, err)
	}
	return nil
}

func (a *application) write(service string, entry Entry, e Event) error {
	if a.handle == 0 {
		if now := time.Now(); a.refuse == nil || now.After(a.again) {
			a.refuse, a.again = a.open(), now.Add(patience)
		}
		if a.refuse != nil {
			return a.refuse
		}
	}
	var texts [3]*uint16
	for i, text := range []string{service, e.Program, e.Reason} {
		var err error
		if texts[i], err = windows.UTF16PtrFromString(insertion(text)); err != nil {
			return fmt.Errorf("an event isn't in the Event Log: %w", err)
		}
	}
	err := windows.ReportEvent(a.handle, eventType(entry.Severity), 0, entry.Identifier(), 0, uint16(len(texts)), 0, &texts[0], nil)
	if err != nil {
		a.close()
		return fmt.Errorf("an event isn't in the Event Log: %w", err)
	}
	return nil
}

func (a *application) close() {
	if a.handle != 0 {
		_ = windows.DeregisterEventSource(a.handle)
		a.handle = 0
	}
}

// insertion is text as an insertion string: without zeros, and with "%1" taken apart, in whose place Event Viewer would put
// the text itself, again and again. Source: learn.microsoft.com, ReportEventW, lpStrings.
func insertion(text string) string {
	var b strings.Builder
	previous := rune(0)
	for _, r := range text {
		switch {
		case r == 0:
			r = '\uFFFD'
		case previous == '%' && r >= '0' && r <= '9':
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		previous = r
	}
	return b.String()
}

func eventType(s Severity) uint16 {
	switch s {
	case Error:
		return windows.EVENTLOG_ERROR_TYPE
	case Warning:
		return windows.EVENTLOG_WARNING_TYPE
	default:
		return windows.EVENTLOG_INFORMATION_TYPE
	}
}
