package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

func TestReadPassword(t *testing.T) {
	for text, want := range map[string]manager.Password{
		"secret":           "secret",
		"secret\r\nmore\n": "secret",
		" s p \n":          " s p ",
		"":                 "",
		"\nsecond":         "",
	} {
		path := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readPassword(path)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v; want %q", text, string(got), err, string(want))
		}
	}
	if _, err := readPassword(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "--password-file") {
		t.Error(err)
	}
}
