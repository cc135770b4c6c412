package control

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// keeperLives says whether a keeper holds the lock file beside the socket.
//
// odd is the error of a lock file that is something else: the service's account can put anything there.
//
// Taking the lock would show it too, but would keep out a keeper that takes it at that moment. /proc/locks (proc_locks(5)) disturbs nobody.
func keeperLives(socket string) (lives bool, odd error) {
	file, err := safefile.Open(filepath.Join(filepath.Dir(socket), "lock"))
	if errors.Is(err, safefile.ErrRefused) {
		return false, err
	}
	if err != nil {
		return false, nil
	}
	defer file.Close()
	var pid [64]byte
	n, _ := file.ReadAt(pid[:], 0)
	info, err := file.Stat()
	if err != nil {
		return false, nil
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	locks, err := os.ReadFile("/proc/locks")
	if !ok || err != nil {
		return false, nil
	}
	// "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234567 0 EOF"; the device is left out, because btrfs and overlayfs give another one to stat.
	pidField, inode := strings.TrimSpace(string(pid[:n])), fmt.Sprintf(":%d", st.Ino)
	for line := range bytes.Lines(locks) {
		f := strings.Fields(string(line))
		if len(f) >= 6 && f[1] == "FLOCK" && f[4] == pidField && strings.HasSuffix(f[5], inode) {
			return true, nil
		}
	}
	return false, nil
}
