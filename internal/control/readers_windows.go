package control

import (
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"
)

// rightsOfReaders are those that talking through a pipe takes, and not FILE_CREATE_PIPE_INSTANCE, which GENERIC_WRITE includes: with that a
// reader could make an instance of the service's pipe, and take connections that are meant for the service.
// Source: https://learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights
const rightsOfReaders = windows.FILE_GENERIC_READ | windows.FILE_GENERIC_WRITE&^windows.FILE_APPEND_DATA

// entries allow the rights to each of the set, in SDDL.
func entries(rights uint32, set readers.Set) string {
	var b strings.Builder
	for _, sid := range set.SIDs {
		fmt.Fprintf(&b, "(A;;%#x;;;%s)", rights, sid)
	}
	return b.String()
}

// letRead gives the file with the pipe's name, beside what its folder gives it, an access list by which readers may read it. Who made the
// file owns it, and may do that (WRITE_DAC).
func letRead(file *os.File, sddl string, set readers.Set) error {
	if set.Empty() || wine.Running() { // Wine keeps mode bits, and everybody is its administrator
		return nil
	}
	// The file is open without WRITE_DAC: claim wants no more than it needs. Nobody can have put another in its place: it is open without
	// FILE_SHARE_DELETE.
	want, err := windows.SecurityDescriptorFromString(sddl + entries(windows.FILE_GENERIC_READ, set))
	if err != nil {
		return err
	}
	list, _, err := want.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(file.Name(), windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}

// admitReader has nothing to check: the pipe's access list has done it.
func admitReader(net.Conn, readers.Set) error { return nil }
