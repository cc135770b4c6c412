package keeper

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/folders"
)

// openFolders opens the folders that a supervisor may write to. They stay open: at a supervisor's start the keeper must wait for no disk.
func openFolders(f folders.Folders) ([]int, error) {
	var list []int
	for _, path := range []string{f.State, f.Logs, f.Run} {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			closeFolders(list)
			return nil, fmt.Errorf("opening %s: %w", path, err)
		}
		list = append(list, fd)
	}
	return list, nil
}

func closeFolders(list []int) {
	for _, fd := range list {
		unix.Close(fd)
	}
}

// errFolders is why a supervisor is replaced whose folders aren't there any more.
var errFolders = errors.New("its folders were removed, and it may write to no others")

// checkFolders makes folders anew that somebody has removed, and replaces the supervisor: Landlock's rules hold for a folder, not for its
// name. It is called at each heartbeat.
func (k *keeper) checkFolders() {
	if !k.folderRemoved() || k.stops > 0 || access.MakeFolders(k.cfg.Service, k.cfg.Folders, k.cfg.Distrust) != nil {
		return
	}
	list, err := openFolders(k.cfg.Folders)
	if err != nil {
		return
	}
	closeFolders(k.folders)
	k.folders = list
	k.sup.replaced = errFolders
	k.sup.kill()
}

// folderRemoved says whether one of the folders has no name any more. It takes what the kernel knows: a network file system isn't asked.
func (k *keeper) folderRemoved() bool {
	for _, fd := range k.folders {
		var st unix.Statx_t
		err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_NLINK, &st)
		if err == nil && st.Mask&unix.STATX_NLINK != 0 && st.Nlink == 0 {
			return true
		}
	}
	return false
}
