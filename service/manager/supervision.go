package manager

import (
	"errors"
	"fmt"
	"strings"
)

// Supervision is what a service that supervises other programs needs of the system. The zero value asks for nothing.
type Supervision struct {
	// Folders is a relative path, "daruma/shop". Linux: the folders of this name under /var/lib, /var/log and /run belong to
	// the service's account, are made before it starts, and the last is removed when it stops (StateDirectory=, LogsDirectory=,
	// RuntimeDirectory=). Windows: ignored; who installs gives the folders their access lists.
	Folders string
	// OpenRun keeps the folder under /run where others can be let into it. For an account that exists only while the service runs, systemd
	// puts one that outlives a restart into /run/private, which root alone may enter (systemd.exec(5), RuntimeDirectoryPreserve=): with OpenRun
	// the folder is made anew at each start. Linux.
	OpenRun bool `json:",omitempty"`
	// Capabilities are Linux' for the service's first process, where its account isn't root: upper case, with CAP_.
	Capabilities []string
	// Groups are those that the service's processes are in beside the account's own, so that files can be given to that service alone
	// (SupplementaryGroups=). Linux, where the account isn't root. They must be there when the service starts.
	Groups []string `json:",omitempty"`
	// HardLimits are the resource limits that its programs ask for, by setrlimit(2)'s names in lower case, without RLIMIT_; the
	// greatest uint64 is no limit. Where one is beyond what systemd gives every service, the unit raises its hard limit to that
	// (LimitNOFILE= …); soft limits and the others stay as they are. Linux, where the account isn't root, which may raise them itself.
	HardLimits map[string]uint64 `json:",omitempty"`
	// Delegate gives the service a cgroup of its own to divide, and lets it survive when the kernel kills one of its programs for
	// want of memory. Linux.
	Delegate bool
	// NoRestart are exit codes that a restart doesn't cure. Linux; the SCM's recovery knows no difference.
	NoRestart []int
	limits    []limit // of HardLimits, what the unit must say

	// OwnSID gives the service's processes the group NT SERVICE\NAME, with any account, so that files can be given to
	// that service alone (SERVICE_SID_TYPE_UNRESTRICTED). Windows.
	OwnSID bool
	// Privileges are all that the service's processes keep of what their account has: SeChangeNotifyPrivilege … nil: everything.
	// Windows.
	Privileges []string
}

// limit is a line of a unit, such as LimitNOFILE=1024:1048576.
type limit struct{ key, value string }

func (s Supervision) check() error {
	for name := range s.HardLimits {
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
			return fmt.Errorf("limit %q: give its name in small letters, without RLIMIT_", name)
		}
	}
	for _, g := range s.Groups {
		if g == "" || strings.Trim(g, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return fmt.Errorf("group %q: give its name in small letters", g)
		}
	}
	for _, c := range s.Capabilities {
		if !strings.HasPrefix(c, "CAP_") || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
			return fmt.Errorf("capability %q: give its name in capitals, with CAP_", c)
		}
	}
	for _, p := range s.Privileges {
		if !strings.HasPrefix(p, "Se") || !strings.HasSuffix(p, "Privilege") {
			return fmt.Errorf("privilege %q: give its whole name, such as SeChangeNotifyPrivilege", p)
		}
	}
	if f := s.Folders; strings.HasPrefix(f, "/") || strings.Contains(f, "..") || strings.ContainsAny(f, " :%\\") {
		return errors.New("the folders' name must be a relative path without spaces, colons and dots")
	}
	return nil
}
