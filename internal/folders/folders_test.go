package folders

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestServicesHaveNames: a folder whose name no service can have isn't listed, least of all one that a terminal would obey.
func TestServicesHaveNames(t *testing.T) {
	root := t.TempDir()
	t.Setenv("DARUMA_HOME", root)
	for _, name := range []string{"shop", "a-1", "Shop", "a b", "$(id)", "x\u202e", "x\u009b"} {
		if err := os.MkdirAll(filepath.Join(root, name, "state"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := Services(); err != nil || !slices.Equal(names, []string{"a-1", "shop"}) {
		t.Errorf("%q, %v", names, err)
	}
}
