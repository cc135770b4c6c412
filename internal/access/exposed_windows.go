package access

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"

	"golang.org/x/sys/windows"
)

// Principals are who may own and write a file beside the administrators: SIDs.
type Principals struct{ sids []string }

func (p Principals) key() string { return strings.Join(p.sids, " ") }

// And is p and more of them.
func (p Principals) And(more Principals) Principals {
	return Principals{sids: slices.Concat(p.sids, more.sids)}
}

// Callers are this process' user, and the service's own SID, which its processes have whatever their account is.
func Callers(service string) Principals {
	p := Principals{sids: []string{readers.ServiceSID(service)}}
	if user, err := windows.GetCurrentProcessToken().GetTokenUser(); err == nil {
		p.sids = append(p.sids, user.User.Sid.String())
	}
	return p
}

// privileged tells whether this process has all the rights of an administrator, or SYSTEM's; Wine's have, whatever their tokens say.
func privileged() bool { return windows.GetCurrentProcessToken().IsElevated() || wine.Running() }

// AccountOf are those as whom a program runs: the service's account, this process' where account is "". The accounts that Windows shares between services are none.
func AccountOf(account, service, _, _ string) Principals {
	if account == "" {
		return Callers(service)
	}
	p := Principals{sids: []string{readers.ServiceSID(service)}}
	if manager.UserAccount(account) {
		if sid, _, _, err := windows.LookupSID("", strings.TrimPrefix(account, `.\`)); err == nil { // else the start says what is wrong
			p.sids = append(p.sids, sid.String())
		}
	}
	return p
}

// linkTarget is where a symbolic link or a junction leads. What else is a reparse point (a file that is kept elsewhere) has none.
func linkTarget(path string, info fs.FileInfo) (string, error) {
	if info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) == 0 {
		return "", nil
	}
	target, err := os.Readlink(path)
	switch {
	case err != nil && info.Mode()&fs.ModeSymlink == 0:
		return "", nil
	case err != nil:
		return "", err
	case strings.HasPrefix(target, `\\?\`): // a drive that is mounted in a folder
		return finalPath(path)
	case strings.HasPrefix(target, `\`) && filepath.VolumeName(target) == "":
		target = filepath.VolumeName(path) + target
	}
	return target, nil
}

// judge looks at owner and access list of one thing: of a link, not of where it leads.
func (l *Looker) judge(s step, p Principals) (*ExposedError, error) {
	descriptor, err := descriptorOf(s.path)
	if err != nil {
		return nil, fmt.Errorf("reading who may access %s: %w", s.path, err)
	}
	a, err := read(descriptor)
	if err != nil {
		return nil, fmt.Errorf("reading who may access %s: %w", s.path, err)
	}
	user, err := installingUser()
	if err != nil {
		return nil, err
	}
	users := append(slices.Clone(p.sids), user)
	sid, what := a.finding(s.role, users...)
	if sid != "" && isPerson(sid) { // perhaps an administrator by a group; who is one is asked only where it matters
		sid, what = a.finding(s.role, append(users, administrators()...)...)
	}
	if sid == "" {
		return nil, nil
	}
	return &ExposedError{Who: accountName(sid), What: what, Remedy: remedy(s.path, s.role)}, nil
}

// descriptorOf gives owner and access list of what has this name, a link itself.
func descriptorOf(path string) (*windows.SECURITY_DESCRIPTOR, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, windows.READ_CONTROL, share, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(h)
	return windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT, aboutAccess)
}

// unfitPath refuses paths that services don't see, or that go with a user.
func unfitPath(path string) error {
	if err := onLocalDrive(path); err != nil {
		return err
	}
	return inProfile(path)
}

// temporary has nothing to find: folders for temporary files are known by their names.
func (*Looker) temporary(string) error { return nil }

// remedy gives the folder an access list of its own, in one line that can be pasted.
func remedy(path string, r role) string {
	if r == theFile || r == theLink {
		return fmt.Sprintf(`icacls "%s" /setowner *S-1-5-32-544 & icacls "%s" /inheritance:r /grant *S-1-5-18:F *S-1-5-32-544:F *S-1-5-32-545:RX`, path, path)
	}
	return fmt.Sprintf(`put it into a folder of Program Files; or icacls "%s" /setowner *S-1-5-32-544 & icacls "%s" /inheritance:r `+
		`/grant *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX`, path, path)
}

// onLocalDrive refuses what a service doesn't see: shares, and letters that belong to one logon (net use, subst).
func onLocalDrive(path string) error {
	volume := strings.TrimPrefix(filepath.VolumeName(path), `\\?\`) // \\?\C: is C: for long paths
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
