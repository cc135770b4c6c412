package archive

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestModes: whatever umask says, everybody can read a release, and nobody writes it.
func TestModes(t *testing.T) {
	p, err := open(packed(t, content))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	if err := p.Unpack(dir); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{"bin": os.ModeDir | 0o755, "bin/server": 0o555, "conf/api.conf": 0o444, ManifestName: 0o444} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}
