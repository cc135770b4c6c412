package access

import (
	"errors"
	"fmt"

	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"

	"golang.org/x/sys/windows"
)

func grantRead(name, _, path string, dryRun bool) ([]manager.Change, error) {
	if wine.Running() { // which has mode bits, and no user of that SID
		return nil, nil
	}
	have, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, aboutAccess)
	if err != nil {
		return nil, fmt.Errorf("reading who may access %s: %w", path, err)
	}
	a, err := read(have)
	if err != nil || a.reads(readers.ServiceSID(name)) {
		return nil, err
	}
	change := manager.Change{Setting: "access to " + path, To: `read and execute for NT SERVICE\` + name}
	if dryRun {
		return []manager.Change{change}, nil
	}
	return []manager.Change{change}, editAccess(path, have, windows.GRANT_ACCESS, name)
}

// filesGroup: a service has a SID of its own.
func filesGroup(string, string, []string) string { return "" }

func revokeRead(name, path string) ([]manager.Change, error) {
	if wine.Running() {
		return nil, nil
	}
	have, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, aboutAccess)
	if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) || errors.Is(err, windows.ERROR_PATH_NOT_FOUND) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading who may access %s: %w", path, err)
	}
	a, err := read(have)
	if err != nil {
		return nil, err
	}
	for _, e := range a.entries {
		if e.sid == readers.ServiceSID(name) && !e.inheritOnly {
			change := manager.Change{Setting: "access to " + path, From: `read and execute for NT SERVICE\` + name}
			return []manager.Change{change}, editAccess(path, have, windows.REVOKE_ACCESS, name)
		}
	}
	return nil, nil
}

func editAccess(path string, have *windows.SECURITY_DESCRIPTOR, mode windows.ACCESS_MODE, name string) error {
	list, err := editedList(have, mode, name)
	if err != nil {
		return err
	}
	// Neither protected nor unprotected: what comes from the folder above stays as it is.
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}

// editedList is the access list with the service's entry added, or without it.
func editedList(have *windows.SECURITY_DESCRIPTOR, mode windows.ACCESS_MODE, name string) (*windows.ACL, error) {
	list, _, err := have.DACL()
	if err != nil {
		return nil, err
	}
	sid, err := windows.StringToSid(readers.ServiceSID(name))
	if err != nil {
		return nil, err
	}
	const readExecute = 0x1200a9
	return windows.ACLFromEntries([]windows.EXPLICIT_ACCESS{{
		AccessPermissions: readExecute, AccessMode: mode, Inheritance: windows.NO_INHERITANCE,
		Trustee: windows.TRUSTEE{TrusteeForm: windows.TRUSTEE_IS_SID, TrusteeType: windows.TRUSTEE_IS_UNKNOWN,
			TrusteeValue: windows.TrusteeValueFromSID(sid)},
	}}, list)
}

func madeGroup(string, bool) ([]manager.Change, error) { return nil, nil }

func groupsOf([]string) []string { return nil }
