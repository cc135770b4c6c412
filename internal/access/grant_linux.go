package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/service/manager"
)

// groupOf names the group of a service's files. Not as systemd names the dynamic user, by which there is a group, too; names have 31
// characters.
func groupOf(name string) string {
	const prefix, longest = "daruma_", 31
	if len(prefix+name) <= longest {
		return prefix + name
	}
	sum := sha256.Sum256([]byte(name))
	return prefix + hex.EncodeToString(sum[:8])
}

// groupID is the group's number; false: there is no such group.
func groupID(group string) (uint32, bool) {
	g, err := user.LookupGroup(group)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(g.Gid, 10, 32)
	return uint32(n), err == nil
}

func filesGroup(name, account string, files []string) string {
	group := groupOf(name)
	gid, there := groupID(group)
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			continue
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if given := ok && there && st.Gid == gid; given || needsGrant(name, account, file) {
			return group
		}
	}
	return ""
}

// needsGrant tells whether all that keeps the account from reading the file is the file's own mode.
func needsGrant(name, account, file string) bool {
	var out *UnreachableError
	return errors.As(Unreachable(file, account, false), &out) && out.File
}

func grantRead(name, account, path string, dryRun bool) ([]manager.Change, error) {
	if !needsGrant(name, account, path) {
		return nil, nil // it can read it, or a folder is closed to it, which Unreachable says
	}
	group := groupOf(name)
	gid, there := groupID(group)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	given := ok && there && st.Gid == gid
	if given && info.Mode().Perm()&0o040 != 0 {
		return nil, nil
	}
	if !ok || !info.Mode().IsRegular() || st.Nlink > 1 || !given && st.Gid != 0 && info.Mode().Perm()&0o070 != 0 {
		return nil, fmt.Errorf("%s: account %s may not read it, and its group is another's: let the service's group read it, too "+
			"(groupadd --system %s; setfacl -m g:%s:r %s), or put the service into that group (SupplementaryGroups= in a drop-in) and install again", path, account, group, group, path)
	}
	var changes []manager.Change
	if !there {
		changes = append(changes, manager.Change{Setting: "group " + group, To: "created"})
	}
	changes = append(changes, manager.Change{Setting: "access to " + path, To: "read for group " + group})
	if dryRun {
		return changes, nil
	}
	if !there {
		if gid, err = makeGroup(group); err != nil {
			return nil, err
		}
	}
	// The group first: the old one isn't to read it for a moment.
	if err := f.Chown(-1, int(gid)); err != nil {
		return nil, err
	}
	return changes, f.Chmod(info.Mode().Perm()&^0o070 | 0o040)
}

func madeGroup(group string, dryRun bool) ([]manager.Change, error) {
	if _, there := groupID(group); there {
		return nil, nil
	}
	changes := []manager.Change{{Setting: "group " + group, To: "created"}}
	if dryRun {
		return changes, nil
	}
	_, err := makeGroup(group)
	return changes, err
}

func groupsOf(names []string) []string { return names }

// makeGroup makes a group by what the system has for that: systemd's tool, which comes with it, or that of the package of passwords.
func makeGroup(group string) (uint32, error) {
	out, err := exec.Command("systemd-sysusers", "--inline", "g "+group+" -").CombinedOutput()
	if err != nil {
		var more []byte
		if more, err = exec.Command("groupadd", "--system", group).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("making the group %s: %w: %s%s (make it by hand, and install again)", group, err, out, more)
		}
	}
	gid, there := groupID(group)
	if !there {
		return 0, fmt.Errorf("making the group %s: it was made, and isn't in /etc/group", group)
	}
	return gid, nil
}

// revokeRead gives the file back to root's group. The group itself is left: another file may be its.
func revokeRead(name, path string) ([]manager.Change, error) {
	gid, there := groupID(groupOf(name))
	if !there {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Gid != gid || !info.Mode().IsRegular() {
		return nil, nil
	}
	if err := f.Chmod(info.Mode().Perm() &^ 0o070); err != nil {
		return nil, err
	}
	return []manager.Change{{Setting: "access to " + path, From: "read for group " + groupOf(name)}}, f.Chown(-1, 0)
}
