package access

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// inheritance are the flags that say what gets the entry (OI, CI, NP, IO), without the one that says where it came from.
const inheritance = 0xF

// conditional is ACCESS_ALLOWED_CALLBACK_ACE_TYPE: like ACCESS_ALLOWED, if a condition behind the SID holds.
const conditional = 0x9

// read takes a descriptor apart.
func read(d *windows.SECURITY_DESCRIPTOR) (access, error) {
	owner, _, err := d.Owner()
	if err != nil {
		return access{}, err
	}
	a := access{owner: owner.String()}
	list, _, err := d.DACL()
	if errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND) || err == nil && list == nil {
		a.null = true
		return a, nil
	} else if err != nil {
		return a, err
	}
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &ace); err != nil {
			return a, err
		}
		e := entry{mask: uint32(ace.Mask), inherits: ace.Header.AceFlags & inheritance, inheritOnly: ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0}
		switch ace.Header.AceType {
		case windows.ACCESS_ALLOWED_ACE_TYPE, conditional:
		case windows.ACCESS_DENIED_ACE_TYPE:
			e.deny = true
		default: // of objects and audits: no file has those that allow
			continue
		}
		e.sid = (*windows.SID)(unsafe.Pointer(&ace.SidStart)).String()
		a.entries = append(a.entries, e)
	}
	return a, nil
}
