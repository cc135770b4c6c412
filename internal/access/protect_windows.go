package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"
	"github.com/daruma-sh/daruma/service/manager"

	"golang.org/x/sys/windows"
)

// aboutAccess is what of a security descriptor daruma reads and writes.
const aboutAccess = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION

var errLink = errors.New("it is not a folder but a link or a file: find out who made it, and remove it")

func protect(name string, p Places, dryRun bool) ([]manager.Change, error) {
	user, err := installingUser()
	if err != nil {
		return nil, err
	}
	var changes []manager.Change
	for _, d := range p.descriptors(readers.ServiceSID(name)) {
		if d.path == "" {
			continue
		}
		change, release, err := d.apply(name, user, dryRun)
		defer release() // of all of them at the end: each keeps what is below it where it is
		if err != nil {
			return changes, fmt.Errorf("access to %s: %w", d.path, err)
		}
		if change != nil {
			changes = append(changes, *change)
		}
	}
	if dryRun {
		return changes, nil
	}
	return changes, takeOver(p.Service, p.Config, user)
}

// apply makes the folder, with its access list from the first moment on, or sets the list where it differs. It is kept from being
// replaced until release is called, which is never nil.
func (d descriptor) apply(name, user string, dryRun bool) (change *manager.Change, release func(), err error) {
	release = func() {}
	want, err := windows.SecurityDescriptorFromString(d.sddl)
	if err != nil {
		return nil, release, err
	}
	// Everybody may make a junction in %ProgramData%, and the list would be set on what it leads to.
	if info, err := os.Lstat(d.path); err == nil && info.Mode().Type() != fs.ModeDir {
		return nil, release, errLink
	} else if errors.Is(err, fs.ErrNotExist) {
		if !dryRun {
			if err = makeFolder(d.path, want); err != nil {
				return nil, release, err
			}
		}
		return &manager.Change{Setting: "folder " + d.path, To: d.sddl}, release, nil
	}
	change, err = d.set(name, user, want, true)
	if err != nil || change == nil || dryRun {
		return change, release, err
	}
	pinned, err := pin(d.path, 0) // only where something changes: a service that runs can't rename in it meanwhile
	if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		err = fmt.Errorf("another program has it open, and could put another folder in its place: end that first (%w)", err)
	}
	if err != nil {
		return nil, release, err
	}
	change, err = d.set(name, user, want, false)
	return change, func() { windows.CloseHandle(pinned) }, err
}

// set sets owner and list where they differ. Where a folder belongs to a stranger that is refused: the stranger may have it open
// with the right to change the list, and would keep that right.
func (d descriptor) set(name, user string, want *windows.SECURITY_DESCRIPTOR, dryRun bool) (*manager.Change, error) {
	have, err := windows.GetNamedSecurityInfo(d.path, windows.SE_FILE_OBJECT, aboutAccess)
	if dryRun && errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return nil, nil // to an ordinary user, who may look but not into this
	} else if err != nil {
		return nil, err
	}
	if wine.Running() || sameAccess(have, want) { // Wine keeps mode bits, which never compare
		return nil, nil
	}
	owner, _, err := have.Owner()
	if err != nil {
		return nil, err
	}
	if sid := owner.String(); !trusted(sid, user) && sid != readers.ServiceSID(name) {
		return nil, fmt.Errorf(`it belongs to %s, who made it before: look at what is in it, then rename it (ren "%s" NEWNAME) or remove it`,
			accountName(sid), d.path)
	}
	change := &manager.Change{Setting: "access to " + d.path, From: have.String(), To: d.sddl}
	if dryRun {
		return change, nil
	}
	return change, setAccess(d.path, want, windows.PROTECTED_DACL_SECURITY_INFORMATION)
}

func makeFolder(path string, access *windows.SECURITY_DESCRIPTOR) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	text, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: access}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	return windows.CreateDirectory(text, &attributes)
}

func setAccess(path string, access *windows.SECURITY_DESCRIPTOR, how windows.SECURITY_INFORMATION) error {
	owner, _, err := access.Owner()
	if err != nil {
		return err
	}
	list, _, err := access.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, aboutAccess|how, owner, nil, list, nil)
}

// sameAccess compares owner and access list as text; what the system notes beside (AI: inherited once) doesn't count.
func sameAccess(have, want *windows.SECURITY_DESCRIPTOR) bool {
	a, err := read(have)
	b, err2 := read(want)
	if err != nil || err2 != nil || a.owner != b.owner || len(a.entries) != len(b.entries) || !protected(have) {
		return false
	}
	for i := range a.entries {
		if a.entries[i] != b.entries[i] {
			return false
		}
	}
	return true
}

func protected(d *windows.SECURITY_DESCRIPTOR) bool {
	control, _, err := d.Control()
	return err == nil && control&windows.SE_DACL_PROTECTED != 0
}

// takeOver gives what strangers own below dir to the administrators: an owner may always change the access list. Links aren't
// followed. In the folder config nothing of a stranger is taken over: its content would be trusted.
func takeOver(dir, config, user string) error {
	if wine.Running() {
		return nil
	}
	home, err := finalPath(dir)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.Type()&(fs.ModeSymlink|fs.ModeIrregular) != 0 {
			return nil
		}
		owner := ownerOf(path)
		if trusted(owner, "") || isServiceSID(owner) {
			return nil
		}
		if strings.HasPrefix(path, config+`\`) && owner != user {
			return fmt.Errorf("%s isn't of an administrator, and says what is to run: look at it, then remove it", path)
		}
		// Looked at once more by its handle: the service may run, and make a junction of a folder on the way.
		h, err := pin(path, windows.WRITE_DAC|windows.WRITE_OWNER)
		if err != nil {
			return fmt.Errorf("giving %s to the administrators: %w", path, err)
		}
		defer windows.CloseHandle(h)
		where, err := pathOf(h)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(strings.ToLower(where), strings.ToLower(home)+`\`) && !strings.EqualFold(where, home) {
			return fmt.Errorf("%s leads to %s: find out who made it so", path, where)
		}
		return inheritAccess(h)
	})
}

// ownerOf is the owner's SID, "" where it can't be read: what is tried next says why.
func ownerOf(path string) string {
	have, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return ""
	}
	owner, _, err := have.Owner()
	if err != nil {
		return ""
	}
	return owner.String()
}

// inheritAccess gives an open file to the administrators, with the access list of its folder alone.
func inheritAccess(h windows.Handle) error {
	inherit, err := windows.SecurityDescriptorFromString("O:BAD:")
	if err != nil {
		return err
	}
	owner, _, err := inherit.Owner()
	if err != nil {
		return err
	}
	list, _, err := inherit.DACL()
	if err != nil {
		return err
	}
	return windows.SetSecurityInfo(h, windows.SE_FILE_OBJECT, aboutAccess|windows.UNPROTECTED_DACL_SECURITY_INFORMATION, owner, nil, list, nil)
}

func isServiceSID(sid string) bool { return strings.HasPrefix(sid, "S-1-5-80-") }
