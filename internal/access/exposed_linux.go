package access

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/service/manager"
)

// Principals are who may own and write a file beside root.
type Principals struct{ uids, gids []uint32 }

func (p Principals) key() string { return fmt.Sprint(p) }

// And is p and more of them.
func (p Principals) And(more Principals) Principals {
	return Principals{uids: slices.Concat(p.uids, more.uids), gids: slices.Concat(p.gids, more.gids)}
}

// Callers are this process' user alone: groups have members.
func Callers(string) Principals { return Principals{uids: []uint32{uint32(os.Geteuid())}} }

// privileged tells whether what this process runs may do everything.
func privileged() bool { return os.Geteuid() == 0 }

// AccountOf are those as whom a program runs: its own user, else the service's, else this process' user. A dynamic user is one only
// where the service runs.
func AccountOf(account, _, runAsUser, runAsGroup string) (p Principals) {
	if runAsUser == "" && manager.UserAccount(account) {
		runAsUser = account
	}
	if runAsUser == "" {
		p.uids = append(p.uids, uint32(os.Geteuid()))
	} else if u, err := launch.LookupUser(runAsUser); err == nil { // else the start says what is wrong
		p.uids = append(p.uids, uint32(u.UID))
		p.gids = append(p.gids, uint32(u.GID))
		for _, g := range u.Groups {
			p.gids = append(p.gids, uint32(g))
		}
	}
	if runAsGroup != "" {
		if gid, err := launch.LookupGroup(runAsGroup); err == nil {
			p.gids = append(p.gids, uint32(gid))
		}
	}
	return p
}

func linkTarget(path string, info fs.FileInfo) (string, error) {
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", nil
	}
	return os.Readlink(path)
}

// judge looks at one thing. The mode of a symbolic link says nothing; in a sticky folder only its owner replaces a file.
func (l *Looker) judge(s step, trusted Principals) (*ExposedError, error) {
	t, err := l.thing(s.path)
	if err != nil {
		return nil, err
	}
	st, ok := t.info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("%s: its owner isn't known", s.path)
	}
	if st.Uid != 0 && !slices.Contains(trusted.uids, st.Uid) {
		chown := "chown root:root "
		if s.role == theLink {
			chown = "chown -h root:root "
		}
		return &ExposedError{Who: fmt.Sprintf("user %d", st.Uid), What: "owns it", Remedy: chown + s.path}, nil
	}
	mode := t.info.Mode()
	if mode&fs.ModeSymlink != 0 || mode&fs.ModeSticky != 0 && mode.IsDir() {
		return nil, nil
	}
	if mode.Perm()&0o002 != 0 {
		return &ExposedError{Who: "everybody", What: "may write to it", Remedy: "chmod o-w " + s.path}, nil
	}
	if mode.Perm()&0o020 == 0 {
		return nil, nil
	}
	if st.Gid != 0 && !slices.Contains(trusted.gids, st.Gid) {
		return &ExposedError{Who: fmt.Sprintf("group %d", st.Gid), What: "may write to it", Remedy: "chmod g-w " + s.path}, nil
	}
	if n, err := unix.Lgetxattr(s.path, "system.posix_acl_access", nil); err == nil && n > 0 {
		// The bits of the group are the list's mask then: somebody whom the list names may write (acl(5)).
		return &ExposedError{Who: "somebody in its access list", What: "may write to it", Remedy: "setfacl -b " + s.path}, nil
	}
	return nil, nil
}

// temporary finds folders on the way that are for temporary files.
func (l *Looker) temporary(path string) error {
	steps, err := l.way(path, theFile)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if t, err := l.thing(s.path); err == nil && t.info.Mode()&fs.ModeSticky != 0 {
			return &ExposedError{Path: path, Where: path, Who: "a folder on its way", What: "is for temporary files, which are cleared away",
				Remedy: "put it elsewhere, /opt or /srv for example"}
		}
	}
	return nil
}

// unfitPath: no path is unfit by its name.
func unfitPath(string) error { return nil }
