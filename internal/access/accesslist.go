package access

import (
	"slices"
	"strings"
)

// access is a security descriptor in plain words.
type access struct {
	owner   string // SID
	null    bool   // no list at all: everybody may do everything
	entries []entry
}

// entry is one ACE.
type entry struct {
	deny        bool
	inheritOnly bool // means what is in the folder, not the folder
	inherits    uint8
	mask        uint32
	sid         string
}

// Bits of an access mask that let somebody change a file, or what a name means (winnt.h).
const (
	maskWriteData   = 0x2  // folder: FILE_ADD_FILE
	maskAppendData  = 0x4  // folder: FILE_ADD_SUBDIRECTORY, harmless to what is there
	maskDeleteChild = 0x40 // folders alone
	maskDelete      = 0x10000
	maskWriteDAC    = 0x40000
	maskWriteOwner  = 0x80000
	maskAll         = 0x10000000
	maskWrite       = 0x40000000
)

// role is what a file or folder is to the path that is looked at.
type role uint8

const (
	theFile  role = iota
	itsDir        // a file added here is loaded in place of a library
	aboveDir      // what is here can be renamed away, if not added to
	theRoot       // of the drive: it can't be renamed itself
	theLink       // a link on the way: who writes to it decides where it leads
)

func (r role) dangerous() uint32 {
	const always = maskWriteDAC | maskWriteOwner | maskAll
	switch r {
	case theFile, theLink:
		return always | maskDelete | maskWrite | maskWriteData | maskAppendData
	case itsDir:
		return always | maskDelete | maskWrite | maskWriteData | maskDeleteChild
	case aboveDir:
		return always | maskDelete | maskDeleteChild
	}
	return always | maskDeleteChild
}

// finding gives who may do what is dangerous, as SID and words; "" where nobody but the trusted may. A deny entry is no comfort:
// it may be for another group than the one that lets somebody in.
func (a access) finding(r role, users ...string) (sid, what string) {
	if a.null {
		return "S-1-1-0", "may do everything, because it has no access list"
	}
	if !trusted(a.owner, users...) {
		return a.owner, "owns it"
	}
	for _, e := range a.entries {
		if e.deny || e.inheritOnly || trusted(e.sid, users...) {
			continue
		}
		if bits := e.mask & r.dangerous(); bits != 0 {
			return e.sid, "may " + maskWords(bits)
		}
	}
	return "", ""
}

func maskWords(bits uint32) string {
	switch {
	case bits&(maskAll|maskWriteDAC|maskWriteOwner) != 0:
		return "give themselves all access to it"
	case bits&(maskWrite|maskWriteData|maskAppendData) != 0:
		return "write to it"
	}
	return "replace it"
}

// trusted are SYSTEM, the administrators, Windows' own installer, CREATOR OWNER, who is none by himself, OWNER RIGHTS, which
// mean the owner, who is looked at anyway, and the given users, of whom one is the administrator who is installing.
func trusted(sid string, users ...string) bool {
	switch sid {
	case "S-1-5-18", "S-1-5-32-544", "S-1-3-0", "S-1-3-4", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464":
		return true
	}
	if strings.HasPrefix(sid, "S-1-5-21-") {
		// The account Administrator, Domain Admins, Enterprise Admins.
		for _, id := range []string{"-500", "-512", "-519"} {
			if strings.HasSuffix(sid, id) {
				return true
			}
		}
	}
	return sid != "" && slices.Contains(users, sid)
}
