package access

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/daruma-sh/daruma/service/manager"
)

func unreachable(path, account string, execute bool, groups []string) error {
	if account == "" || account == manager.AccountSystem {
		return nil
	}
	who, err := identityOf(account)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if gid, there := groupID(g); there {
			who.gids = append(who.gids, gid)
		}
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	need, verb := fs.FileMode(4), "read"
	if execute {
		need, verb = 1, "execute"
	}
	for p := real; ; p, need, verb = filepath.Dir(p), 1, "enter" {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if !who.may(info, need) {
			return &UnreachableError{Path: path, Account: account, Verb: verb, Where: p, File: p == real, Remedy: remedy(info, p, need)}
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// remedy is what to do about a file or folder p that an account may not read or enter.
func remedy(info fs.FileInfo, p string, need fs.FileMode) string {
	if info.IsDir() && info.Mode().Perm()&0o077 == 0 {
		// /root, a home: whoever closed it to everybody meant it, and what else is in there isn't ours to open.
		return "the folder is closed to all but its owner: move what the service needs to /opt or /srv, or let the service have an account that may, by account:"
	}
	if need == 4 { // it may hold a secret
		return "daruma install lets the service's group alone read a definition or an envFile"
	}
	return fmt.Sprintf("chmod o+x %s, or move it", p)
}

// identity is a user with groups; a dynamic one owns nothing yet and is in no group.
type unixIdentity struct {
	uid  uint32
	gids []uint32
}

const nobodyYet = ^uint32(0)

func identityOf(account string) (unixIdentity, error) {
	who := unixIdentity{uid: nobodyYet}
	if !manager.UserAccount(account) {
		return who, nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		return who, fmt.Errorf("account %s: there is no such user: create it (useradd --system %s), or take account %s", account, account, manager.AccountVirtual)
	}
	texts, err := u.GroupIds()
	if err != nil {
		return who, fmt.Errorf("account %s: its groups: %w", account, err)
	}
	for _, text := range append(texts, u.Gid) {
		if n, err := strconv.ParseUint(text, 10, 32); err == nil {
			who.gids = append(who.gids, uint32(n))
		}
	}
	n, err := strconv.ParseUint(u.Uid, 10, 32)
	who.uid = uint32(n)
	return who, err
}

// may goes by the mode bits, of which exactly one triple counts (path_resolution(7)).
func (who unixIdentity) may(info fs.FileInfo, need fs.FileMode) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || who.uid == 0 {
		return true
	}
	perm := info.Mode().Perm()
	switch {
	case st.Uid == who.uid:
		perm >>= 6
	case slices.Contains(who.gids, st.Gid):
		perm >>= 3
	}
	return perm&need != 0
}
