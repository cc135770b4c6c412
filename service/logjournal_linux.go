package service

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// journalSocket is where journald listens. Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL
const journalSocket = "/run/systemd/journal/socket"

// Limits of journald: the length of a field's name (src/basic/journal-field), and fewer fields than it takes (1024).
const (
	maxJournalName   = 64
	maxJournalFields = 500
)

// systemOutput is the system's log.
type systemOutput struct {
	sink   logSink
	encode func(dst []byte, r *flatRecord) []byte
}

// openSystem gives the journal where it is wanted and there.
func (o LogOptions) openSystem(lines lineOutput) *systemOutput {
	if o.System == SystemOff || o.System == SystemAuto && lines.terminal {
		return nil
	}
	path := cmp.Or(o.journal, journalSocket)
	if _, err := os.Stat(path); err != nil && o.System == SystemAuto { // a container, or no systemd at all
		return nil
	}
	return &systemOutput{sink: &journalSink{path: path}, encode: journalEncoder(o.Name)}
}

// journalSink sends entries over a connected socket. go-systemd's journal.Send uses one that isn't connected: while journald
// doesn't read, the kernel reports such a socket as writable and Go's poller tries without a pause, which costs a whole
// processor (1.1 s of processor time per second, measured on Linux 6.18), and nothing can interrupt it.
type journalSink struct {
	path string
	conn *net.UnixConn // nil: not connected
}

func (s *journalSink) open() error    { return nil }
func (s *journalSink) String() string { return "the journal" }

func (s *journalSink) close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}

func (s *journalSink) connect() error {
	if s.conn != nil {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		return err
	}
	_ = conn.SetWriteBuffer(8 << 20) // as sd_journal_send does, so that large entries fit a datagram
	s.conn = conn
	return nil
}

func (s *journalSink) write(b *logBatch) error {
	for i, m := range b.marks {
		if m.end <= b.written {
			continue
		}
		if err := s.send(b.record(i)); err != nil {
			return err
		}
		b.written = m.end
	}
	return nil
}

func (s *journalSink) send(entry []byte) error {
	if err := s.connect(); err != nil {
		return err
	}
	_, err := s.conn.Write(entry)
	if errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.ENOBUFS) {
		err = s.sendFile(entry)
	}
	if err != nil { // journald was restarted: its socket is another one
		_ = s.conn.Close()
		s.conn = nil
	}
	return err
}

// sendFile hands over an entry that is too large for a datagram, in a sealed file in memory.
func (s *journalSink) sendFile(entry []byte) error {
	fd, err := unix.MemfdCreate("journal-entry", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "journal-entry")
	defer file.Close()
	if _, err := file.Write(entry); err != nil {
		return err
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(conn uintptr) bool { // net's WriteMsgUnix sends no descriptor without a payload on every version
		sent = unix.Sendmsg(int(conn), nil, unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
		return sent != unix.EAGAIN
	})
	return errors.Join(err, os.NewSyscallError("sendmsg", sent))
}

// journalEncoder makes entries of the native protocol, one field behind the other.
func journalEncoder(name string) func(dst []byte, r *flatRecord) []byte {
	return func(dst []byte, r *flatRecord) []byte {
		event := r.eventID()
		dst = appendField(dst, "MESSAGE", r.message)
		dst = appendField(dst, "PRIORITY", journalPriority(r.level))
		dst = appendField(dst, "SYSLOG_IDENTIFIER", name)
		dst = appendField(dst, "MESSAGE_ID", MessageID(name, event))
		dst = appendField(dst, "EVENT_ID", strconv.Itoa(event))
		if r.source != nil {
			dst = appendField(dst, "CODE_FILE", r.source.File)
			dst = appendField(dst, "CODE_LINE", strconv.Itoa(r.source.Line))
			dst = appendField(dst, "CODE_FUNC", r.source.Function)
		}
		for i, f := range r.fields {
			if i == maxJournalFields {
				return appendField(dst, "ATTRIBUTES_LEFT_OUT", fmt.Sprint(len(r.fields)-i))
			}
			if eventOf(f.value) == 0 {
				dst = appendField(dst, journalField(f.key), flatText(f.value))
			}
		}
		return dst
	}
}

// appendField appends one field; a value with a newline has its length in front.
func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	if strings.Contains(value, "\n") {
		dst = append(dst, '\n')
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(value)))
	} else {
		dst = append(dst, '=')
	}
	return append(append(dst, value...), '\n')
}

// journalField makes a field's name of an attribute's: A to Z, 0 to 9 and _, not beginning with a digit or _, at most 64
// characters. Names that mean something to the journal get a prefix: an attribute "priority" isn't the entry's.
// Source: systemd.journal-fields(7).
func journalField(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}, key)
	name = strings.TrimLeft(name, "_")
	switch {
	case name == "":
		name = "ATTR"
	case name[0] >= '0' && name[0] <= '9', reservedField(name):
		name = "ATTR_" + name
	}
	return name[:min(len(name), maxJournalName)]
}

func reservedField(name string) bool {
	for _, prefix := range []string{"SYSLOG_", "CODE_", "OBJECT_", "COREDUMP_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "MESSAGE", "MESSAGE_ID", "PRIORITY", "EVENT_ID", "INVOCATION_ID", "USER_INVOCATION_ID", "DOCUMENTATION", "TID", "UNIT",
		"USER_UNIT", "ERRNO":
		return true
	}
	return false
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
