package service

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// eventSources is where sources of the Application log are registered.
const eventSources = `SYSTEM\CurrentControlSet\Services\EventLog\Application\`

// maxEventText is what ReportEventW takes for one string, in UTF-16 units, without the final zero.
// Source: learn.microsoft.com, ReportEventW, lpStrings.
const maxEventText = 31839 - 1

// systemOutput is the system's log.
type systemOutput struct {
	sink   logSink
	encode func(dst []byte, r *flatRecord) []byte
}

// openSystem gives the Event Log where it is wanted.
func (o LogOptions) openSystem(lines lineOutput) *systemOutput {
	if o.System == SystemOff || o.System == SystemAuto && lines.terminal {
		return nil
	}
	return &systemOutput{sink: &eventSink{source: o.Name, report: windows.ReportEvent}, encode: encodeEvent}
}

// eventSink reports to the Application log. An event source is registered by `install`, which has the right to.
type eventSink struct {
	source string
	handle windows.Handle
	report func(log windows.Handle, etype, category uint16, eventID uint32, user uintptr, strings uint16, size uint32, text **uint16, data *byte) error
}

func (s *eventSink) String() string { return "the Event Log" }

// open looks into the registry first: RegisterEventSource succeeds for a source that nobody registered, and its events then
// read "the description cannot be found".
func (s *eventSink) open() error {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, eventSources+s.source, registry.QUERY_VALUE)
	if err != nil {
		return fmt.Errorf("no warnings in the Event Log: event source %s isn't registered (%w); `install` does it, once", s.source, err)
	}
	_ = key.Close()
	name, err := windows.UTF16PtrFromString(s.source)
	if err != nil {
		return fmt.Errorf("no warnings in the Event Log: event source %q: %w", s.source, err)
	}
	if s.handle, err = windows.RegisterEventSource(nil, name); err != nil {
		return fmt.Errorf("no warnings in the Event Log: opening event source %s: %w", s.source, err)
	}
	return nil
}

func (s *eventSink) close() error { return windows.DeregisterEventSource(s.handle) }

func (s *eventSink) write(b *logBatch) error {
	for i, m := range b.marks {
		if m.end <= b.written {
			continue
		}
		text := &eventText(string(b.record(i)))[0]
		err := s.report(s.handle, eventType(m.level), 0, uint32(m.event), 0, 1, 0, &text, nil)
		if err != nil && !errors.Is(err, windows.ERROR_INVALID_PARAMETER) { // what it will never take must not stop the rest
			return err
		}
		b.written = m.end
	}
	return nil
}

// encodeEvent makes the text of an event: the message, then an attribute per line.
func encodeEvent(dst []byte, r *flatRecord) []byte {
	dst = append(dst, r.message...)
	for _, f := range r.fields {
		if eventOf(f.value) != 0 {
			continue
		}
		dst = append(append(append(dst, "\r\n"...), f.key...), ": "...)
		dst = append(dst, flatText(f.value)...)
	}
	if r.source != nil {
		dst = append(dst, "\r\nsource: "+r.source.File+":"+strconv.Itoa(r.source.Line)...)
	}
	return dst
}

// eventText is text as ReportEventW takes it: UTF-16 with a final zero, and none before it. "%1" is taken apart: the Event
// Viewer would put the text itself in its place, again and again. Source: learn.microsoft.com, ReportEventW.
func eventText(text string) []uint16 {
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
	units := utf16.Encode([]rune(b.String()))
	if len(units) > maxEventText {
		units = units[:maxEventText]
		if last := units[len(units)-1]; utf16.IsSurrogate(rune(last)) && last < 0xDC00 {
			units = units[:len(units)-1] // half a character
		}
	}
	return append(units, 0)
}

func eventType(level slog.Level) uint16 {
	switch {
	case level >= slog.LevelError:
		return windows.EVENTLOG_ERROR_TYPE
	case level >= slog.LevelWarn:
		return windows.EVENTLOG_WARNING_TYPE
	default:
		return windows.EVENTLOG_INFORMATION_TYPE
	}
}
