package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/internal/fakejournal"
)

func entry(message string) []byte { return AppendField(nil, "MESSAGE", message) }

func arrives(t *testing.T, j *fakejournal.Journal, message string) {
	t.Helper()
	if got := j.Next(t)["MESSAGE"]; got != message {
		t.Errorf("%d bytes arrived, want %d: %.80q", len(got), len(message), got)
	}
}

func TestSend(t *testing.T) {
	j := fakejournal.New(t, filepath.Join(t.TempDir(), "socket"))
	s := NewSender(j.Path)
	defer s.Close()
	for _, message := range []string{"small", "two\nlines", strings.Repeat("large ", 2<<20), "small again"} {
		if err := s.Send(entry(message)); err != nil {
			t.Fatal(err)
		}
		arrives(t, j, message)
	}
}

// A journald that was restarted has another socket at the same path.
func TestSendAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	s := NewSender(path)
	defer s.Close()
	if err := s.Send(entry("nobody listens")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without journald: %v", err)
	}
	for _, message := range []string{"one", "two"} {
		j := fakejournal.New(t, path)
		if err := s.Send(entry(message)); err != nil {
			t.Fatal(err)
		}
		arrives(t, j, message)
		j.Close()
		_ = os.Remove(path)
		if err := s.Send(entry("lost")); err == nil {
			t.Error("an entry for nobody was taken")
		}
	}
}

func TestSendTimeout(t *testing.T) {
	j := fakejournal.New(t, filepath.Join(t.TempDir(), "socket"))
	s := NewSender(j.Path)
	defer s.Close()
	s.Timeout = 50 * time.Millisecond
	var err error
	sent := 0
	for ; err == nil; sent++ {
		err = s.Send(entry("nobody reads this"))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after %d entries: %v", sent, err)
	}
	for range sent - 1 {
		arrives(t, j, "nobody reads this")
	}
	if err := s.Send(entry("after")); err != nil {
		t.Error(err)
	}
	arrives(t, j, "after")
}

func TestFieldNames(t *testing.T) {
	for text, want := range map[string]string{
		"order": "ORDER", "request.method": "REQUEST_METHOD", "2nd": "ATTR_2ND", "_hidden": "HIDDEN", "": "ATTR", "ünï": "N_",
		"priority": "ATTR_PRIORITY", "syslog.identifier": "ATTR_SYSLOG_IDENTIFIER", strings.Repeat("x", 100): strings.Repeat("X", 64),
	} {
		if got := FieldName(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}
