package systemlog

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/service/log/journal"
)

// journalTimeout is how long journald may keep the writer waiting for one entry.
const journalTimeout = 5 * time.Second

// openSink gives the journal where systemd runs this process. Elsewhere (a container, another init) nobody asked for entries in it.
func openSink(string) sink {
	if os.Getenv("JOURNAL_STREAM") == "" && os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return openJournal(journal.Socket)
}

// journalSink sends events to journald.
type journalSink struct{ sender *journal.Sender }

func openJournal(path string) journalSink {
	sender := journal.NewSender(path)
	sender.Timeout = journalTimeout
	return journalSink{sender}
}

func (s journalSink) write(service string, entry Entry, e Event) error {
	if err := s.sender.Send(journalEntry(service, entry, e)); err != nil {
		return fmt.Errorf("an event isn't in the journal: %w", err)
	}
	return nil
}

func (s journalSink) close() { _ = s.sender.Close() }

// journalEntry is an event as an entry. journald adds the unit and the process by itself.
func journalEntry(service string, entry Entry, e Event) []byte {
	fields := [...][2]string{
		{"MESSAGE", entry.message(service, e)},
		{"PRIORITY", priority(entry.Severity)},
		{"SYSLOG_IDENTIFIER", "daruma"},
		{"MESSAGE_ID", entry.MessageID()},
		{"EVENT_ID", strconv.Itoa(entry.ID)},
		{"DARUMA_EVENT", entry.Kind},
		{"DARUMA_SERVICE", service},
		{"DARUMA_PROGRAM", e.Program},
		{"DARUMA_REASON", e.Reason},
	}
	var out []byte
	for _, f := range fields {
		if f[1] != "" {
			out = journal.AppendField(out, f[0], f[1])
		}
	}
	return out
}

// priority is the severity as syslog's. Source: syslog(3).
func priority(s Severity) string {
	return [...]string{"6", "6", "4", "3"}[s&3]
}
