package logs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// TestTornOwnLine: a line that a killed process left half written in its own log isn't continued by the next: it is cut off.
func TestTornOwnLine(t *testing.T) {
	for _, torn := range []string{`{"msg":"half`, strings.Repeat("x", 9000), ""} {
		path := filepath.Join(t.TempDir(), "daruma.log")
		if err := os.WriteFile(path, []byte("{\"msg\":\"whole\"}\n"+torn), 0o640); err != nil {
			t.Fatal(err)
		}
		w, err := logfile.NewWriter(path, logfile.Settings{MaxSize: 1 << 20, MaxFiles: 2})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("{\"msg\":\"next\"}\n")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if text, _ := os.ReadFile(path); string(text) != "{\"msg\":\"whole\"}\n{\"msg\":\"next\"}\n" {
			t.Errorf("torn by %d bytes: %q", len(torn), text)
		}
	}
}
