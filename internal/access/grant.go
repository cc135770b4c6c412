package access

import "github.com/daruma-sh/daruma/service/manager"

// GrantRead lets the service called name, which runs as account, read the file at path where it can't; it tells what that changes, and
// with dryRun only that.
//
// Windows: the service's own SID may read and execute it; everything else in the access list stays.
// Linux: the file is given to the service's group (see [FilesGroup]), which is made where there is none and may read it. A file that another
// group can read stays with that group, and the error says what to do.
func GrantRead(name, account, path string, dryRun bool) ([]manager.Change, error) {
	return grantRead(name, account, path, dryRun)
}

// FilesGroup is the group by which files are given to the service called name alone, where one of the files needs it for that account:
// it belongs to the group, or GrantRead will give it. "": none is needed; always on Windows, where the service has a SID.
func FilesGroup(name, account string, files []string) string { return filesGroup(name, account, files) }

// MakeGroup makes a group of this name where there is none, and tells what that changes; with dryRun only that. Windows has no need of one.
func MakeGroup(name string, dryRun bool) ([]manager.Change, error) { return madeGroup(name, dryRun) }

// Groups are the groups of these names that a service's processes can be in: none on Windows.
func Groups(names ...string) []string { return groupsOf(names) }

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
