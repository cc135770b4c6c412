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
	// Capabilities are Linux' for the service's first process, where its account isn't root: upper case, with CAP_.
	Capabilities []string
	// Delegate gives the service a cgroup of its own to divide, and lets it survive when the kernel kills one of its programs for
	// want of memory. Linux.
	Delegate bool
	// NoRestart are exit codes that a restart doesn't cure. Linux; the SCM's recovery knows no difference.
	NoRestart []int
	// OwnSID gives the service's processes the group NT SERVICE\NAME, with any account, so that files can be given to
	// that service alone (SERVICE_SID_TYPE_UNRESTRICTED). Windows.
	OwnSID bool
	// Privileges are all that the service's processes keep of what their account has: SeChangeNotifyPrivilege … nil: everything.
	// Windows.
	Privileges []string
}

func (s Supervision) check() error {
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
