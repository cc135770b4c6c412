package keeper

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// TestOnlyOurSocketIsRemoved: the folder is a stranger's, who puts something else in the place of the socket, or of the folder.
func TestOnlyOurSocketIsRemoved(t *testing.T) {
	needRoot(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, attack := range map[string]func(t *testing.T, folder, victims string){
		"another folder": func(t *testing.T, folder, victims string) { // a link in its place, to one of root's
			must(os.Rename(folder, folder+".away"))
			must(os.Symlink(victims, folder))
		},
		"another file": func(t *testing.T, folder, victims string) {
			must(os.Remove(filepath.Join(folder, "api.sock")))
			must(os.Rename(filepath.Join(victims, "api.sock"), filepath.Join(folder, "api.sock")))
		},
		"another socket": func(t *testing.T, folder, victims string) {
			must(os.Remove(filepath.Join(folder, "api.sock")))
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, "api.sock")})
			must(err)
			l.SetUnlinkOnClose(false)
			l.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			folder, victims := filepath.Join(dir, "hers"), filepath.Join(dir, "roots")
			must(os.Mkdir(folder, 0o755))
			must(os.Chown(folder, stranger, stranger))
			must(os.Mkdir(victims, 0o755))
			must(os.WriteFile(filepath.Join(victims, "api.sock"), nil, 0o644))
			s, err := bind("unix", filepath.Join(folder, "api.sock"))
			must(err)
			attack(t, folder, victims)
			s.close()
			if _, err := os.Lstat(filepath.Join(folder, "api.sock")); err != nil {
				t.Errorf("what isn't ours was removed: %v", err)
			}
		})
	}
	dir := t.TempDir()
	must(os.Symlink("/etc", filepath.Join(dir, "conf")))
	must(os.Lchown(filepath.Join(dir, "conf"), stranger, stranger))
	if s, err := bind("unix", filepath.Join(dir, "conf", "daruma-test.sock")); err == nil {
		s.close()
		t.Error("a socket was made behind a stranger's link")
	}
	s, err := bind("unix", filepath.Join(dir, "own.sock"))
	must(err)
	s.close()
	if _, err := os.Lstat(filepath.Join(dir, "own.sock")); !os.IsNotExist(err) {
		t.Errorf("our own was left: %v", err)
	}
}
