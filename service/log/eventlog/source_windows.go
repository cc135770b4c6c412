package eventlog

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// Sources is the key below HKEY_LOCAL_MACHINE where the sources of the Application log are registered, each by a key of its name.
const Sources = `SYSTEM\CurrentControlSet\Services\EventLog\Application\`

// Severity is how serious an event is: the EVENTLOG_… types of ReportEventW.
type Severity uint16

// The severities.
const (
	Error       Severity = windows.EVENTLOG_ERROR_TYPE
	Warning     Severity = windows.EVENTLOG_WARNING_TYPE
	Information Severity = windows.EVENTLOG_INFORMATION_TYPE
)

// ErrNotRegistered is the error of [Open] for a source that nobody has registered.
var ErrNotRegistered = errors.New("isn't registered")

// Source is an open event source. Its methods may be called from any goroutine.
type Source struct{ handle windows.Handle }

// Open opens a registered source; no right is needed for that. The error is [ErrNotRegistered] where nobody has registered it.
//
// Open reads the registry because RegisterEventSourceW succeeds for any name. Events of a source that isn't registered read "the
// description cannot be found". Source: learn.microsoft.com, RegisterEventSourceW, Remarks.
func Open(name string) (*Source, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, Sources+name, registry.QUERY_VALUE)
	if err != nil {
		return nil, fmt.Errorf("event source %s %w (%w)", name, ErrNotRegistered, err)
	}
	_ = key.Close()
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, fmt.Errorf("event source %q: %w", name, err)
	}
	handle, err := windows.RegisterEventSource(nil, text)
	if err != nil {
		return nil, fmt.Errorf("opening event source %s: %w", name, err)
	}
	return &Source{handle}, nil
}

// Report writes one event. The id is one of the source's message file. Each of the texts may have any characters; what is
// longer than Windows takes (31,838 UTF-16 units) is cut off, a zero becomes U+FFFD, and a
// digit after % is set apart by a space, for Event Viewer would put the text itself in the place of "%1", again and again.
func (s *Source) Report(severity Severity, id uint32, texts ...string) error {
	pointers := make([]*uint16, len(texts))
	for i, text := range texts {
		pointers[i] = &insertion(text)[0]
	}
	var first **uint16
	if len(pointers) > 0 {
		first = &pointers[0]
	}
	return windows.ReportEvent(s.handle, uint16(severity), 0, id, 0, uint16(len(pointers)), 0, first, nil)
}

// Close closes the source.
func (s *Source) Close() error { return windows.DeregisterEventSource(s.handle) }
