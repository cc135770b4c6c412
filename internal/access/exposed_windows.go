package access

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/daruma-sh/daruma/internal/wine"
	"golang.org/x/sys/windows"
)

// exposed looks at the path as it is written and at where it leads: what decides over the target of a junction are the folders
// above that.
func exposed(path string) error {
	if err := exposedOnTheWay(path); err != nil {
		return err
	}
	real, err := finalPath(path)
	if err != nil || strings.EqualFold(real, path) {
		return err
	}
	return exposedOnTheWay(real)
}

func exposedOnTheWay(path string) error {
	if err := onLocalDrive(path); err != nil {
		return err
	}
	if err := inProfile(path); err != nil {
		return err
	}
	user, err := installingUser()
	if err != nil {
		return err
	}
	for p, r := path, theFile; ; p, r = filepath.Dir(p), min(r+1, aboveDir) {
		if p == filepath.Dir(p) {
			r = theRoot
		}
		descriptor, err := windows.GetNamedSecurityInfo(p, windows.SE_FILE_OBJECT, aboutAccess)
		if err != nil {
			return fmt.Errorf("reading who may access %s: %w", p, err)
		}
		a, err := read(descriptor)
		if err != nil {
			return fmt.Errorf("reading who may access %s: %w", p, err)
		}
		if sid, what := a.finding(r, user); sid != "" {
			return &ExposedError{Path: path, Where: p, Who: accountName(sid), What: what, Remedy: remedy(p, r)}
		}
		if r == theRoot {
			return nil
		}
	}
}

// remedy gives the folder an access list of its own, in one line that can be pasted.
func remedy(path string, r role) string {
	if r == theFile {
		return fmt.Sprintf(`icacls "%s" /setowner *S-1-5-32-544 & icacls "%s" /inheritance:r /grant *S-1-5-18:F *S-1-5-32-544:F *S-1-5-32-545:RX`, path, path)
	}
	return fmt.Sprintf(`put it into a folder of Program Files; or icacls "%s" /setowner *S-1-5-32-544 & icacls "%s" /inheritance:r `+
		`/grant *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX`, path, path)
}

// onLocalDrive refuses what a service doesn't see: shares, and letters that belong to one logon (net use, subst).
func onLocalDrive(path string) error {
	volume := filepath.VolumeName(path)
	if len(volume) != 2 || volume[1] != ':' {
		return &ExposedError{Path: path, Where: path, Who: "another computer", What: "decides what is in it",
			Remedy: "copy it to a folder of Program Files on this one"}
	}
	root, err := windows.UTF16PtrFromString(volume + `\`)
	if err != nil {
		return err
	}
	if windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return &ExposedError{Path: path, Where: path, Who: "drive " + volume, What: "is mapped for your logon alone, services don't see it",
			Remedy: "copy it to a drive of this computer"}
	}
	letter, err := windows.UTF16PtrFromString(volume)
	if err != nil {
		return err
	}
	var target [windows.MAX_PATH]uint16
	if n, err := windows.QueryDosDevice(letter, &target[0], uint32(len(target))); err == nil && n > 0 {
		if device := windows.UTF16ToString(target[:]); strings.HasPrefix(device, `\??\`) && !wine.Running() {
			return &ExposedError{Path: path, Where: path, Who: "drive " + volume, What: "is made by subst for your logon alone, services don't see it",
				Remedy: "name the file as " + strings.TrimPrefix(device, `\??\`) + strings.TrimPrefix(path, volume)}
		}
	}
	return nil
}

// inProfile refuses a user's own folders and those for temporary files.
func inProfile(path string) error {
	within := func(dir string) bool {
		return dir != "" && strings.HasPrefix(strings.ToLower(path)+`\`, strings.ToLower(filepath.Clean(dir))+`\`)
	}
	const remedy = "copy it to a folder of Program Files"
	for _, dir := range []string{os.Getenv("TEMP"), os.Getenv("TMP"), filepath.Join(os.Getenv("SystemRoot"), "Temp")} {
		if within(dir) {
			return &ExposedError{Path: path, Where: path, Who: "its folder", What: "is for temporary files, which are cleared away", Remedy: remedy}
		}
	}
	profiles, err := windows.KnownFolderPath(windows.FOLDERID_UserProfiles, 0)
	if err != nil {
		profiles = filepath.Join(os.Getenv("SystemDrive")+`\`, "Users")
	}
	if public, err := windows.KnownFolderPath(windows.FOLDERID_Public, 0); err == nil && within(public) {
		return &ExposedError{Path: path, Where: path, Who: "every user", What: "may write to the public folder", Remedy: remedy}
	}
	if within(profiles) {
		return &ExposedError{Path: path, Where: path, Who: "the user", What: "whose profile it is in may change it, and it goes with the profile", Remedy: remedy}
	}
	return nil
}

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
