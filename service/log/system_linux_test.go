package log

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/internal/fakejournal"
	"github.com/daruma-sh/daruma/service/log/journal"
)

func newJournalHandler(t *testing.T, j *fakejournal.Journal, o Options) *Handler {
	t.Helper()
	o.Name, o.System, o.journal = "shop", SystemOn, j.Path
	if o.Output == nil {
		o.Output = io.Discard
	}
	return newTestHandler(t, o)
}

func TestJournalEntries(t *testing.T) {
	j := fakejournal.New(t, filepath.Join(t.TempDir(), "socket"))
	h := newJournalHandler(t, j, Options{AddSource: true})
	log := slog.New(h).With("order", 7).WithGroup("request")
	log.Info("not for the system's log")
	log.Warn("late", "took", 3*time.Second, "Priority", "0", slog.Group("peer", "ip", "::1"), "2nd", "x", "_hidden", "y")
	log.Error("two\nlines", "stack", "a\nb", EventID(17))
	h2 := slog.New(h)
	h2.Error("bare", "priority", "0", "message", "forged", "MESSAGE_ID", "forged", "syslog.identifier", "sshd", "ünï", "z")

	warn, lines, bare := j.Next(t), j.Next(t), j.Next(t)
	for _, c := range []struct {
		entry      map[string]string
		field, has string
	}{
		{warn, "MESSAGE", "late order=7 request.took=3s request.Priority=0 request.peer.ip=::1 request.2nd=x request._hidden=y"}, {warn, "PRIORITY", "4"}, {warn, "SYSLOG_IDENTIFIER", "shop"}, {warn, "EVENT_ID", "300"},
		{warn, "MESSAGE_ID", MessageID("shop", 300)}, {warn, "ORDER", "7"}, {warn, "REQUEST_TOOK", "3s"}, {warn, "REQUEST_PRIORITY", "0"},
		{warn, "REQUEST_PEER_IP", "::1"}, {warn, "REQUEST_2ND", "x"}, {warn, "REQUEST__HIDDEN", "y"},
		{warn, "CODE_FUNC", "github.com/daruma-sh/daruma/service/log.TestJournalEntries"},
		{lines, "MESSAGE", "two order=7\nlines"}, {lines, "PRIORITY", "3"}, {lines, "REQUEST_STACK", "a\nb"}, {lines, "EVENT_ID", "17"},
		{lines, "MESSAGE_ID", MessageID("shop", 17)},
		{bare, "MESSAGE", "bare priority=0 message=forged MESSAGE_ID=forged syslog.identifier=sshd ünï=z"}, {bare, "PRIORITY", "3"}, {bare, "ATTR_PRIORITY", "0"}, {bare, "ATTR_MESSAGE", "forged"},
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
	j := fakejournal.New(t, filepath.Join(t.TempDir(), "socket"))
	var lines buffer
	h := newJournalHandler(t, j, Options{QueueBytes: 64 << 10, Output: &lines, Format: FormatText})
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
	read, noticed := 0, 0
	for read+noticed < n { // a slow writer may give two notices
		entry := j.Next(t)
		m := notice.FindStringSubmatch(entry["MESSAGE"])
		if m == nil {
			read++
			continue
		}
		if entry["DROPPED"] != m[1] || entry["EVENT_ID"] != "900" {
			t.Errorf("notice %q", entry)
		}
		count, _ := strconv.Atoi(m[1])
		noticed += count
	}
	if noticed != int(dropped) || read+noticed != n {
		t.Errorf("%d read and %d noticed as dropped of %d, of which %d were dropped", read, noticed, n, dropped)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestJournalLargeEntry: what no datagram holds goes in a file.
func TestJournalLargeEntry(t *testing.T) {
	j := fakejournal.New(t, filepath.Join(t.TempDir(), "socket"))
	h := newJournalHandler(t, j, Options{QueueBytes: 16 << 20})
	large := strings.Repeat("large ", 2<<20)
	slog.New(h).Error(large)
	slog.New(h).Error("small")
	if got := j.Next(t)["MESSAGE"]; got != large {
		t.Errorf("%d bytes arrived of %d", len(got), len(large))
	}
	if got := j.Next(t)["MESSAGE"]; got != "small" {
		t.Errorf("then %q", got)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestJournalRestarts: another journald, another socket at the same path.
func TestJournalRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	j := fakejournal.New(t, path)
	h := newJournalHandler(t, j, Options{})
	log := slog.New(h)
	log.Error("one")
	if got := j.Next(t)["MESSAGE"]; got != "one" {
		t.Errorf("got %q", got)
	}
	j.Close()
	_ = os.Remove(path)
	log.Error("two")
	log.Error("three")
	j = fakejournal.New(t, path)
	for _, want := range []string{"two", "three"} {
		if got := j.Next(t)["MESSAGE"]; got != want {
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
		fields, err := fakejournal.Parse([]byte(formatted(journalEncoder("shop"), message, slog.String(key, value))))
		if err != nil {
			t.Fatal(err)
		}
		first, more, _ := strings.Cut(message, "\n")
		if m := fields["MESSAGE"]; !strings.HasPrefix(m, first) || !strings.HasSuffix(m, more) || strings.Count(m, "\n") != strings.Count(message, "\n") {
			t.Fatalf("MESSAGE is %q", m)
		}
		if fields["PRIORITY"] != "4" || fields["SYSLOG_IDENTIFIER"] != "shop" {
			t.Fatalf("%q", fields)
		}
		if len(fields) != 6 && !(key == "" && value == "") { // slog leaves an empty attribute out only where it is the zero Attr
			t.Fatalf("%d fields: %q", len(fields), fields)
		}
		for name, got := range fields {
			if !valid.MatchString(name) {
				t.Fatalf("name %q", name)
			}
			if name == journal.FieldName(key) && got != value {
				t.Fatalf("%s is %q, want %q", name, got, value)
			}
		}
	})
}
