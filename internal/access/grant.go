package access

import "github.com/daruma-sh/daruma/service/manager"

// GrantRead lets the service called name read and execute the file at path, by its own SID, where the file's access list doesn't let
// it already; it tells what that changes, and with dryRun only that. Everything else in the list stays. Linux: nothing to do,
// see [Unreachable].
func GrantRead(name, path string, dryRun bool) ([]manager.Change, error) {
	return grantRead(name, path, dryRun)
}

// RevokeRead takes back what GrantRead gave. A file that isn't there, or has no such entry, is no error.
func RevokeRead(name, path string) ([]manager.Change, error) { return revokeRead(name, path) }

// reads tells whether the list lets a service with this SID read and execute, by itself or as a user of the machine.
func (a access) reads(sid string) bool {
	if a.null {
		return true
	}
	const readExecute = 0x1 | 0x20 // FILE_READ_DATA, FILE_EXECUTE
	const genericRead, genericExecute = 0x80000000, 0x20000000
	have := uint32(0)
	for _, e := range a.entries {
		switch {
		case e.inheritOnly:
			continue
		case e.sid != sid && e.sid != "S-1-1-0" && e.sid != "S-1-5-11" && e.sid != "S-1-5-32-545" && e.sid != "S-1-5-6" && e.sid != "S-1-5-80-0":
			continue // Everyone, Authenticated Users, Users, SERVICE, ALL SERVICES: every service is in them
		case e.deny:
			return false
		}
		have |= e.mask
		if e.mask&maskAll != 0 || e.mask&genericRead != 0 && e.mask&genericExecute != 0 {
			return true
		}
	}
	return have&readExecute == readExecute
}
