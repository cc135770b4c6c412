package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRemedyLeavesHomesClosed: a folder that is its owner's alone, as /root is, isn't to be opened for a service's sake.
func TestRemedyLeavesHomesClosed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root: an account's way to a file of this user's leads through folders that nobody can enter")
	}
	base, err := os.MkdirTemp("/var/tmp", "daruma-reach")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	file := filepath.Join(base, "home", "daruma.yaml")
	err = os.Mkdir(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, nil, 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
	for dir, mode := range map[string]os.FileMode{base: 0o755, filepath.Dir(file): 0o700} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	err = Unreachable(filepath.Dir(file), "virtual", true)
	if err == nil || strings.Contains(err.Error(), "chmod") || !strings.Contains(err.Error(), "move what the service needs") {
		t.Error(err)
	}
	if err := os.Chmod(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := Unreachable(filepath.Dir(file), "virtual", true); err == nil || !strings.Contains(err.Error(), "chmod o+x "+filepath.Dir(file)) {
		t.Error(err)
	}
	if err := Unreachable(file, "virtual", false); err == nil || strings.Contains(err.Error(), "chmod o+r") { // it may hold a secret
		t.Error(err)
	}
}
