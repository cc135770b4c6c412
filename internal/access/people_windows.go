package access

import (
	"strings"
	"unsafe"

	"github.com/daruma-sh/daruma/internal/wine"

	"golang.org/x/sys/windows"
)

// installingUser is the SID of who runs this process where that is an administrator with all rights, else "".
func installingUser() (string, error) {
	token := windows.GetCurrentProcessToken()
	user, err := token.GetTokenUser()
	if err != nil {
		return "", err
	}
	if !token.IsElevated() && !wine.Running() {
		return "", nil
	}
	return user.User.Sid.String(), nil
}

func accountName(sid string) string {
	s, err := windows.StringToSid(sid)
	if err != nil {
		return sid
	}
	name, domain, _, err := s.LookupAccount("")
	switch {
	case err != nil:
		return sid
	case domain == "":
		return name
	}
	return domain + `\` + name
}

// isPerson tells the SID of an account of a machine or a domain from those that Windows itself has.
func isPerson(sid string) bool { return strings.HasPrefix(sid, "S-1-5-21-") }

// administrators are the members of the group Administrators, by their SIDs: not those of groups in it. None where Windows doesn't say.
// Source: https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netlocalgroupgetmembers
func administrators() []string {
	group, err := windows.StringToSid("S-1-5-32-544")
	if err != nil {
		return nil
	}
	name, _, _, err := group.LookupAccount("") // it has another name in other languages
	if err != nil {
		return nil
	}
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil
	}
	netapi := windows.NewLazySystemDLL("netapi32.dll")
	list := netapi.NewProc("NetLocalGroupGetMembers")
	if list.Find() != nil {
		return nil
	}
	const everything = ^uint32(0) // MAX_PREFERRED_LENGTH
	var buffer *byte
	var count, total uint32
	code, _, _ := list.Call(0, uintptr(unsafe.Pointer(text)), 0, uintptr(unsafe.Pointer(&buffer)), uintptr(everything),
		uintptr(unsafe.Pointer(&count)), uintptr(unsafe.Pointer(&total)), 0)
	if buffer == nil {
		return nil
	}
	defer windows.NetApiBufferFree(buffer)
	if code != 0 {
		return nil
	}
	var sids []string
	for _, member := range unsafe.Slice((**windows.SID)(unsafe.Pointer(buffer)), count) { // level 0: LOCALGROUP_MEMBERS_INFO_0
		if member != nil {
			sids = append(sids, member.String())
		}
	}
	return sids
}
