package log

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/log/eventlog"
)

// openSystem gives the Event Log where it is wanted.
func (o Options) openSystem(lines lineOutput) *systemOutput {
	if o.System == SystemOff || o.System == SystemAuto && lines.terminal {
		return nil
	}
	open := func() (eventSource, error) { return eventlog.Open(o.Name) }
	return &systemOutput{sink: &eventSink{connect: open}, encode: encodeEvent}
}

// eventSource is an open source of the Application log; tests have one of their own.
type eventSource interface {
	Report(severity eventlog.Severity, id uint32, texts ...string) error
	Close() error
}

// eventSink reports to the Application log. `install` registers the source, because it has the right to.
type eventSink struct {
	connect func() (eventSource, error)
	source  eventSource
}

func (s *eventSink) String() string { return "the Event Log" }

func (s *eventSink) open() (err error) {
	s.source, err = s.connect()
	switch {
	case errors.Is(err, eventlog.ErrNotRegistered):
		return fmt.Errorf("no warnings in the Event Log: %w; `install` does it, once", err)
	case err != nil:
		return fmt.Errorf("no warnings in the Event Log: %w", err)
	}
	return nil
}

func (s *eventSink) close() error { return s.source.Close() }

func (s *eventSink) write(b *batch) error {
	for i, m := range b.marks {
		if m.end <= b.written {
			continue
		}
		err := s.source.Report(severity(m.level), uint32(m.event), string(b.record(i)))
		if err != nil && !errors.Is(err, windows.ERROR_INVALID_PARAMETER) { // what is never taken must not stop the rest
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

func severity(level slog.Level) eventlog.Severity {
	switch {
	case level >= slog.LevelError:
		return eventlog.Error
	case level >= slog.LevelWarn:
		return eventlog.Warning
	default:
		return eventlog.Information
	}
}
