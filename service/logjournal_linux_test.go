package service

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeJournal is a socket as journald's.
type fakeJournal struct {
	path string
	conn *net.UnixConn
}

func newFakeJournal(t *testing.T, path string) *fakeJournal {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &fakeJournal{path: path, conn: conn}
}

// read gives the next entry, from the datagram or the file that came with it.
func (j *fakeJournal) read() ([]byte, error) {
	data, oob := make([]byte, 1<<20), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := j.conn.ReadMsgUnix(data, oob)
	if err != nil || n > 0 {
		return data[:n], err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(err, errors.New("neither data nor a descriptor"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	seals, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_WRITE == 0 { // journald refuses it otherwise
		return nil, errors.Join(err, errors.New("the file isn't sealed"))
	}
	file := os.NewFile(uintptr(fds[0]), "entry")
	defer file.Close()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}

// parseEntry reads the native protocol as its page describes it.
func parseEntry(entry []byte) (map[string]string, error) {
	fields := map[string]string{}
	for len(entry) > 0 {
		end := bytes.IndexAny(entry, "=\n")
		if end < 0 {
			return nil, errors.New("a field without an end")
		}
		name, kind := string(entry[:end]), entry[end]
		entry = entry[end+1:]
		size := bytes.IndexByte(entry, '\n')
		if kind == '\n' {
			if len(entry) < 8 {
				return nil, errors.New("no length")
			}
			size = int(binary.LittleEndian.Uint64(entry))
			entry = entry[8:]
		}
		if size < 0 || size >= len(entry) || entry[size] != '\n' {
			return nil, errors.New("a value without an end")
		}
		if _, ok := fields[name]; !ok { // a second one counts for less than the first
			fields[name] = string(entry[:size])
		}
		entry = entry[size+1:]
	}
	return fields, nil
}

func (j *fakeJournal) next(t *testing.T) map[string]string {
	t.Helper()
	entry, err := j.read()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := parseEntry(entry)
	if err != nil {
		t.Fatalf("%v in %q", err, entry)
	}
	return fields
}

func newJournalHandler(t *testing.T, j *fakeJournal, o LogOptions) *LogHandler {
	t.Helper()
	o.Name, o.System, o.journal = "shop", SystemOn, j.path
	if o.Output == nil {
		o.Output = io.Discard
	}
	return newTestHandler(t, o)
}

func TestJournalEntries(t *testing.T) {
	j := newFakeJournal(t, filepath.Join(t.TempDir(), "socket"))
	h := newJournalHandler(t, j, LogOptions{AddSource: true})
	log := slog.New(h).With("order", 7).WithGroup("request")
	log.Info("not for the system's log")
	log.Warn("late", "took", 3*time.Second, "Priority", "0", slog.Group("peer", "ip", "::1"), "2nd", "x", "_hidden", "y")
	log.Error("two\nlines", "stack", "a\nb", EventID(17))
	h2 := slog.New(h)
	h2.Error("bare", "priority", "0", "message", "forged", "MESSAGE_ID", "forged", "syslog.identifier", "sshd", "ünï", "z")

	warn, lines, bare := j.next(t), j.next(t), j.next(t)
	for _, c := range []struct {
		entry      map[string]string
		field, has string
	}{
		{warn, "MESSAGE", "late"}, {warn, "PRIORITY", "4"}, {warn, "SYSLOG_IDENTIFIER", "shop"}, {warn, "EVENT_ID", "300"},
		{warn, "MESSAGE_ID", MessageID("shop", 300)}, {warn, "ORDER", "7"}, {warn, "REQUEST_TOOK", "3s"}, {warn, "REQUEST_PRIORITY", "0"},
		{warn, "REQUEST_PEER_IP", "::1"}, {warn, "REQUEST_2ND", "x"}, {warn, "REQUEST__HIDDEN", "y"},
		{warn, "CODE_FUNC", "github.com/daruma-sh/service.TestJournalEntries"},
		{lines, "MESSAGE", "two\nlines"}, {lines, "PRIORITY", "3"}, {lines, "REQUEST_STACK", "a\nb"}, {lines, "EVENT_ID", "17"},
		{lines, "MESSAGE_ID", MessageID("shop", 17)},
		{bare, "MESSAGE", "bare"}, {bare, "PRIORITY", "3"}, {bare, "ATTR_PRIORITY", "0"}, {bare, "ATTR_MESSAGE", "forged"},
		{bare, "ATTR_MESSAGE_ID", "forged"}, {bare, "ATTR_SYSLOG_IDENTIFIER", "sshd"}, {bare, "SYSLOG_IDENTIFIER", "shop"}, {bare, "N_", "z"},
	} {
		if c.entry[c.field] != c.has {
			t.Errorf("%s is %q, want %q, in %q", c.field, c.entry[c.field], c.has, c.entry)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestJournalNobodyReads: the calls return, what was dropped is told once journald reads again, and the lines don't wait for it.
func TestJournalNobodyReads(t *testing.T) {
	j := newFakeJournal(t, filepath.Join(t.TempDir(), "socket"))
	var lines syncBuffer
	h := newJournalHandler(t, j, LogOptions{QueueBytes: 64 << 10, Output: &lines, Format: FormatText})
	log := slog.New(h)
	const n = 3000
	for i := range n {
		log.Error("nobody reads this", "i", i)
		if i%50 == 0 { // so that the lines' own queue isn't full
			if err := h.outputs.lines.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := h.outputs.lines.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(lines.String(), "nobody reads this"); got != n {
		t.Errorf("%d lines while the journal was blocked, want %d", got, n)
	}
	dropped := h.outputs.system.queue.droppedEver()
	if dropped == 0 {
		t.Fatal("nothing was dropped: the socket wasn't blocked, this test shows nothing")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Flush(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the journal") {
		t.Errorf("Flush: %v", err)
	}
	notice := regexp.MustCompile(`^dropped (\d+) records`)
	read := 0
	for {
		entry := j.next(t)
		if m := notice.FindStringSubmatch(entry["MESSAGE"]); m != nil {
			if entry["DROPPED"] != m[1] || entry["EVENT_ID"] != "900" {
				t.Errorf("notice %q", entry)
			}
			break
		}
		read++
	}
	if read+int(dropped) != n {
		t.Errorf("%d read and %d dropped of %d", read, dropped, n)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestJournalLargeEntry: what no datagram holds goes in a file.
func TestJournalLargeEntry(t *testing.T) {
	j := newFakeJournal(t, filepath.Join(t.TempDir(), "socket"))
	h := newJournalHandler(t, j, LogOptions{QueueBytes: 16 << 20})
	large := strings.Repeat("large ", 2<<20)
	slog.New(h).Error(large)
	slog.New(h).Error("small")
	if got := j.next(t)["MESSAGE"]; got != large {
		t.Errorf("%d bytes arrived of %d", len(got), len(large))
	}
	if got := j.next(t)["MESSAGE"]; got != "small" {
		t.Errorf("then %q", got)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestJournalRestarts: another journald, another socket at the same path.
func TestJournalRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	j := newFakeJournal(t, path)
	h := newJournalHandler(t, j, LogOptions{})
	log := slog.New(h)
	log.Error("one")
	if got := j.next(t)["MESSAGE"]; got != "one" {
		t.Errorf("got %q", got)
	}
	_ = j.conn.Close()
	_ = os.Remove(path)
	log.Error("two")
	log.Error("three")
	j = newFakeJournal(t, path)
	for _, want := range []string{"two", "three"} {
		if got := j.next(t)["MESSAGE"]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// FuzzJournal: any message and attribute arrives whole, under names that journald accepts, and can't pass for another field.
func FuzzJournal(f *testing.F) {
	f.Add("message", "key", "value")
	f.Add("a\nPRIORITY=0", "k=\n", "v\nMESSAGE=forged\n")
	f.Add("", "", "")
	f.Add("\x00", "_1", strings.Repeat("x", 100))
	valid := regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)
	f.Fuzz(func(t *testing.T, message, key, value string) {
		fields, err := parseEntry([]byte(formatted(journalEncoder("shop"), message, slog.String(key, value))))
		if err != nil {
			t.Fatal(err)
		}
		if fields["MESSAGE"] != message || fields["PRIORITY"] != "4" || fields["SYSLOG_IDENTIFIER"] != "shop" {
			t.Fatalf("%q", fields)
		}
		if len(fields) != 6 && !(key == "" && value == "") { // slog leaves an empty attribute out only where it is the zero Attr
			t.Fatalf("%d fields: %q", len(fields), fields)
		}
		for name, got := range fields {
			if !valid.MatchString(name) {
				t.Fatalf("name %q", name)
			}
			if name == journalField(key) && got != value {
				t.Fatalf("%s is %q, want %q", name, got, value)
			}
		}
	})
}
