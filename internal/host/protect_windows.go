package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// aboutAccess is what of a security descriptor daruma reads and writes.
const aboutAccess = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION

func protect(name string, p Places, dryRun bool) ([]Change, error) {
	var changes []Change
	for _, d := range p.descriptors(ServiceSID(name)) {
		if d.path == "" {
			continue
		}
		change, err := d.apply(dryRun)
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
	return changes, takeOver(p.Service)
}

// apply makes the folder, with its access list from the first moment on, or sets the list where it differs.
func (d descriptor) apply(dryRun bool) (*Change, error) {
	want, err := windows.SecurityDescriptorFromString(d.sddl)
	if err != nil {
		return nil, err
	}
	// Everybody may make a junction in %ProgramData%, and the list would be set on what it leads to.
	if info, err := os.Lstat(d.path); err == nil && info.Mode().Type() != fs.ModeDir {
		return nil, errors.New("it is not a folder but a link or a file: find out who made it, and remove it")
	}
	have, err := windows.GetNamedSecurityInfo(d.path, windows.SE_FILE_OBJECT, aboutAccess)
	if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) || errors.Is(err, windows.ERROR_PATH_NOT_FOUND) {
		if !dryRun {
			err = makeFolder(d.path, want)
		} else {
			err = nil
		}
		return &Change{Setting: "folder " + d.path, To: d.sddl}, err
	} else if dryRun && errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return nil, nil // to an ordinary user, who may look but not into this
	} else if err != nil {
		return nil, err
	}
	if onWine() || sameAccess(have, want) { // Wine keeps mode bits, which never compare
		return nil, nil
	}
	change := &Change{Setting: "access to " + d.path, From: have.String(), To: d.sddl}
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
// followed.
func takeOver(dir string) error {
	if onWine() {
		return nil
	}
	inherit, err := windows.SecurityDescriptorFromString("O:BAD:")
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
		have, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, aboutAccess)
		if err != nil {
			return err
		}
		a, err := read(have)
		if err != nil || trusted(a.owner, "") || isServiceSID(a.owner) {
			return err
		}
		return setAccess(path, inherit, windows.UNPROTECTED_DACL_SECURITY_INFORMATION)
	})
}

func isServiceSID(sid string) bool { return strings.HasPrefix(sid, "S-1-5-80-") }
