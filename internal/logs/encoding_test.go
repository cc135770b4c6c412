package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// TestEncoding: the files keep what a program wrote; readers, the tail for incidents and the message of JSON lines are in UTF-8.
func TestEncoding(t *testing.T) {
	const written, shown = "Gr\x81\xe1e\nplain\n\x84", "Grüße\nplain\nä\n"
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(Options{Service: "shop", Dir: dir, SpoolDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			k, err := s.Program("api", logfile.Settings{Format: format, Encoding: "cp850"})
			if err != nil {
				t.Fatal(err)
			}
			writeRun(t, k, 1, written)
			read := func(q logread.Query) (all string) {
				t.Helper()
				if err := logread.Read(t.Context(), dir, q, func(l logread.Line) error { all += string(l.Text) + "\n"; return nil }); err != nil {
					t.Fatal(err)
				}
				return all
			}
			if got := read(logread.Query{}); got != shown {
				t.Errorf("shown is %q, want %q", got, shown)
			}
			if got := read(logread.Query{Raw: true}); got != written+"\n" {
				t.Errorf("raw is %q, want %q", got, written)
			}
			if got := k.Tail(10, 1000); !slices.Equal(got, []string{"Grüße", "plain", "ä"}) {
				t.Errorf("the tail is %q", got)
			}
			data, err := os.ReadFile(filepath.Join(dir, "api.log"))
			if err != nil {
				t.Fatal(err)
			}
			if format == logfile.Text {
				if string(data) != written {
					t.Errorf("the file has %q, want %q", data, written)
				}
			} else {
				var first struct {
					Message string
					Base64  []byte `json:"daruma.message_base64"`
				}
				if err := json.NewDecoder(bytes.NewReader(data)).Decode(&first); err != nil || first.Message != "Grüße" || string(first.Base64) != "Gr\x81\xe1e" {
					t.Errorf("%+v, %v", first, err)
				}
			}

			// Another encoding, without another sink: what is written from then on, and all that is shown of a text log.
			if _, err := s.Program("api", logfile.Settings{Format: format, Encoding: "windows-1252"}); err != nil {
				t.Fatal(err)
			}
			writeRun(t, k, 2, "\xfc\n")
			if got := k.Tail(1, 100); !slices.Equal(got, []string{"ü"}) {
				t.Errorf("after the change: %q", got)
			}
			if _, err := s.Program("api", logfile.Settings{Format: format}); err != nil {
				t.Fatal(err)
			}
			if name := logfile.Encoding(dir, "api"); name != "" {
				t.Errorf("the log is UTF-8 again, and its encoding %q", name)
			}
		})
	}
}

func writeRun(t *testing.T, k *Sink, generation int, text string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.Attach(generation, "stdout", r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := c.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestUnknownEncoding: a name that this system doesn't know, of another machine's log or made up, is said, and the bytes are given.
func TestUnknownEncoding(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"api.log": "\x81\n", "api.log.encoding": "nothing\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var warned []string
	var got string
	q := logread.Query{Warn: func(err error) { warned = append(warned, err.Error()) }}
	if err := logread.Read(t.Context(), dir, q, func(l logread.Line) error { got += string(l.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	if got != "\x81" || len(warned) != 1 {
		t.Errorf("%q, warned of %q", got, warned)
	}
}
