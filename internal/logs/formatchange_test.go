package logs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// TestFormatChangesWhileARunIsDrained: the last run of the old format may still be drained when a changed definition starts the next one. Nothing
// of it is lost, a last line without a newline neither.
func TestFormatChangesWhileARunIsDrained(t *testing.T) {
	for from, to := range map[logfile.Format]logfile.Format{logfile.JSON: logfile.Text, logfile.Text: logfile.JSON} {
		t.Run(string(from), func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(Options{Service: "shop", Dir: dir, SpoolDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			k, err := s.Program("api", logfile.Settings{Format: from})
			if err != nil {
				t.Fatal(err)
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c, err := k.Attach(1, "stdout", r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteString("one\nlast"); err != nil {
				t.Fatal(err)
			}
			for k.Stats().Captured < int64(len("one\nlast")) {
				time.Sleep(time.Millisecond) // sleep: nobody is told when bytes are taken
				if t.Context().Err() != nil {
					t.Fatal("nothing is taken")
				}
			}
			if _, err := s.Program("api", logfile.Settings{Format: to}); err != nil {
				t.Fatal(err)
			}
			w.Close()
			if err := c.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			writeRun(t, k, 2, "two\n")
			var got []string
			if err := logread.Read(t.Context(), dir, logread.Query{}, func(l logread.Line) error {
				if len(l.Text) > 0 {
					got = append(got, string(l.Text))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(got, "|"); text != "one|last|two" {
				t.Errorf("read %q", text)
			}
			data, err := os.ReadFile(filepath.Join(dir, "api.log"))
			if err != nil || (to == logfile.Text) != (string(data) == "two\n") {
				t.Errorf("the new file has %q, %v", data, err)
			}
		})
	}
}
