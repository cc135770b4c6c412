package systemlog

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// journalSocket is where journald listens. Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL
const journalSocket = "/run/systemd/journal/socket"

// openSink gives the journal where systemd runs this process. Elsewhere (a container, another init) nobody asked for entries in it.
func openSink(string) sink {
	if os.Getenv("JOURNAL_STREAM") == "" && os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return &journal{path: journalSocket}
}

// journal sends entries over a connected socket. go-systemd's journal.Send uses one that isn't: while journald doesn't read,
// the kernel calls such a socket writable all the time, and Go's poller tries without a pause.
type journal struct {
	path string
	conn *net.UnixConn // nil: not connected
}

// patience is how long journald may keep the writer waiting for one entry.
const patience = 5 * time.Second

func (j *journal) write(service string, entry Entry, e Event) error {
	if j.conn == nil {
		conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: j.path, Net: "unixgram"})
		if err != nil {
			return fmt.Errorf("no events in the journal: %w", err)
		}
		j.conn = conn
	}
	_ = j.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := j.conn.Write(journalEntry(service, entry, e)); err != nil {
		j.close() // journald was restarted: its socket is another one
		return fmt.Errorf("an event isn't in the journal: %w", err)
	}
	return nil
}

func (j *journal) close() {
	if j.conn != nil {
		_ = j.conn.Close()
		j.conn = nil
	}
}

// journalEntry is one entry of the native protocol. journald adds the unit and the process by itself.
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
		if f[1] == "" {
			continue
		}
		out = append(out, f[0]...)
		if strings.Contains(f[1], "\n") {
			out = append(out, '\n')
			out = binary.LittleEndian.AppendUint64(out, uint64(len(f[1])))
		} else {
			out = append(out, '=')
		}
		out = append(append(out, f[1]...), '\n')
	}
	return out
}

// priority is the severity as syslog's. Source: syslog(3).
func priority(s Severity) string {
	return [...]string{"6", "6", "4", "3"}[s&3]
}
