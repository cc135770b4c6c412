package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHomeOfSomebody: what install writes into the folder of DARUMA_HOME must not be another user's to change.
func TestHomeOfSomebody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give a folder to somebody else")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 61234, 61234); err != nil {
		t.Fatal(err)
	}
	for _, home := range []string{dir, filepath.Join(dir, "not", "there", "yet")} {
		t.Setenv("DARUMA_HOME", home)
		_, err := refuseUnsafe(parsed(t, "name: shop\nprograms: {a: {command: [/bin/true]}}\n"), "/bin/true")
		if err == nil || !strings.Contains(err.Error(), "DARUMA_HOME is "+home) || !strings.Contains(err.Error(), "61234") {
			t.Errorf("%s: %v", home, err)
		}
	}
}
