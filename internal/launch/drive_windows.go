package launch

import "golang.org/x/sys/windows"

// MissingDrive says why a path of a drive that isn't there leads nowhere, and what to write; "" where the drive is there, and of any other path.
//
// A drive letter of the network belongs to the session, and there to the account, that has mapped it: somebody's desktop. No service sees it,
// whatever its account. Source: https://learn.microsoft.com/windows/win32/services/services-and-redirected-drives
func MissingDrive(path string) string {
	if len(path) < 3 || path[1] != ':' || path[2] != '\\' && path[2] != '/' {
		return ""
	}
	root, err := windows.UTF16PtrFromString(path[:2] + `\`)
	if err != nil || windows.GetDriveType(root) != windows.DRIVE_NO_ROOT_DIR {
		return ""
	}
	return "there is no drive " + path[:2] + " here: a drive of the network belongs to the session that mapped it, and no service sees it; write " +
		`\\server\share\… in its place, and let the service's account read that share`
}
