package log

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/service/log/journal"
)

// maxFields is fewer fields than journald takes for one entry (1024).
const maxFields = 500

// openSystem gives the journal where it is wanted and there.
func (o Options) openSystem(lines lineOutput) *systemOutput {
	if o.System == SystemOff || o.System == SystemAuto && lines.terminal {
		return nil
	}
	path := cmp.Or(o.journal, journal.Socket)
	if _, err := os.Stat(path); err != nil && o.System == SystemAuto { // a container, or no systemd at all
		return nil
	}
	return &systemOutput{sink: journalSink{journal.NewSender(path)}, encode: journalEncoder(o.Name)}
}

// journalSink sends a batch's records as entries.
type journalSink struct{ sender *journal.Sender }

func (s journalSink) open() error    { return nil }
func (s journalSink) String() string { return "the journal" }
func (s journalSink) close() error   { return s.sender.Close() }

func (s journalSink) write(b *batch) error {
	for i, m := range b.marks {
		if m.end <= b.written {
			continue
		}
		if err := s.sender.Send(b.record(i)); err != nil {
			return err
		}
		b.written = m.end
	}
	return nil
}

// journalEncoder makes entries for the journal.
func journalEncoder(name string) func(dst []byte, r *flatRecord) []byte {
	return func(dst []byte, r *flatRecord) []byte {
		event := r.eventID()
		dst = journal.AppendField(dst, "MESSAGE", journalMessage(r))
		dst = journal.AppendField(dst, "PRIORITY", journalPriority(r.level))
		dst = journal.AppendField(dst, "SYSLOG_IDENTIFIER", name)
		dst = journal.AppendField(dst, "MESSAGE_ID", MessageID(name, event))
		dst = journal.AppendField(dst, "EVENT_ID", strconv.Itoa(event))
		if r.source != nil {
			dst = journal.AppendField(dst, "CODE_FILE", r.source.File)
			dst = journal.AppendField(dst, "CODE_LINE", strconv.Itoa(r.source.Line))
			dst = journal.AppendField(dst, "CODE_FUNC", r.source.Function)
		}
		for i, f := range r.fields {
			if i == maxFields {
				return journal.AppendField(dst, "ATTRIBUTES_LEFT_OUT", fmt.Sprint(len(r.fields)-i))
			}
			if eventOf(f.value) == 0 {
				dst = journal.AppendField(dst, journal.FieldName(f.key), flatText(f.value))
			}
		}
		return dst
	}
}

// maxInMessage is the longest attribute, in bytes, that stands behind the message too: a large one would need twice the room.
const maxInMessage = 1024

// journalMessage is the message with the attributes that fit into its line, key=value: journalctl shows no other field, and an error
// stands in an attribute.
func journalMessage(r *flatRecord) string {
	if len(r.fields) == 0 {
		return r.message
	}
	first, more, several := strings.Cut(r.message, "\n")
	line := []byte(first)
	for i, f := range r.fields {
		if i == maxFields {
			break
		}
		if eventOf(f.value) != 0 {
			continue
		}
		if text := flatText(f.value); len(text) <= maxInMessage && !strings.Contains(text, "\n") {
			line = append(append(append(append(line, ' '), textQuoted(f.key)...), '='), textQuoted(text)...)
		}
	}
	if several {
		line = append(append(line, '\n'), more...)
	}
	return string(line)
}

// journalPriority is the level as syslog's priority. Source: syslog(3).
func journalPriority(level slog.Level) string {
	switch {
	case level >= slog.LevelError+4:
		return "2" // critical
	case level >= slog.LevelError:
		return "3"
	case level >= slog.LevelWarn:
		return "4"
	case level > slog.LevelInfo:
		return "5" // notice
	case level == slog.LevelInfo:
		return "6"
	default:
		return "7"
	}
}
