package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestEnvFilesInAStrangersHands: a user who decides what stands at an envFile's path gets no file of root's into the environment of his
// program, and holds up nobody.
func TestEnvFilesInAStrangersHands(t *testing.T) {
	needRoot(t)
	const user = 61_735
	dir := folder(t)
	his, secret := filepath.Join(dir, "his"), filepath.Join(dir, "secret.env")
	write(t, secret, "SECRET=told\n")
	at := func(name string) string { return filepath.Join(his, name) }
	for _, err := range []error{
		os.Chmod(dir, 0o755), os.Chmod(secret, 0o600), os.Mkdir(his, 0o755), os.Chown(his, user, user),
		os.Symlink(secret, at("link.env")), os.Lchown(at("link.env"), user, user), unix.Mkfifo(at("fifo.env"), 0o666),
		os.WriteFile(at("leased.env"), []byte("A=1\n"), 0o600), os.Chown(at("leased.env"), user, user),
		os.WriteFile(at("right.env"), []byte("A=1\n"), 0o600), os.Chown(at("right.env"), user, user),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	open(t, testbin.Path(t))
	holdLease(t, at("leased.env"), user)
	var programs strings.Builder
	for _, name := range []string{"link", "fifo", "leased", "right"} {
		fmt.Fprintf(&programs, "  %s: {command: [%s, hang], envFiles: [his/%s.env], securityContext: {runAsUser: %d, runAsGroup: %d}}\n",
			name, testbin.Path(t), name, user, user)
	}
	s := run(t, dir, "name: real\nprograms:\n"+programs.String())
	s.awaitReady("right", 0)
	for name, why := range map[string]string{"link": "over a link of user 61735", "fifo": "isn't a regular file", "leased": "holds a lease"} {
		s.eventually(name+" is refused", func() bool {
			_, p := s.status(name)
			return p.State == control.StateBackoff && strings.Contains(p.Reason, why)
		})
	}
}
