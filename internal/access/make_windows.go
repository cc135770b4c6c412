package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"

	"golang.org/x/sys/windows"
)

func makeFolders(name string, f folders.Folders, d Distrust) error {
	if d == Nobody {
		return makePlain(f)
	}
	p := PlacesOf(f)
	list := p.descriptors(readers.ServiceSID(name))
	switch {
	case privileged():
		if err := safeAbove(list, name); err != nil {
			return err
		}
	case os.Getenv(folders.InstalledVariable) != "": // install has made them, and this account may not
		if err := eachFolder(list, func(d descriptor) error { return d.check(name) }); err != nil {
			return err
		}
		return makePlain(f)
	default:
		var err error
		if list, err = usersOwn(p); err != nil {
			return err
		}
	}
	return eachFolder(list, func(d descriptor) error { return d.make(name) })
}

// makeConfig: the folder of a service has the access lists of all that is in it.
func makeConfig(name string, f folders.Folders) error {
	if err := makeFolders(name, f, Strangers); err != nil {
		return err
	}
	return os.MkdirAll(f.Config, 0o755)
}

func makePlain(f folders.Folders) error {
	for _, dir := range []string{f.State, f.Logs, f.Run} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("creating %s: %w (set DARUMA_HOME to a folder you can write)", dir, err)
		}
	}
	return nil
}

func eachFolder(list []descriptor, do func(descriptor) error) error {
	for _, d := range list {
		if d.path == "" {
			continue
		}
		if err := do(d); err != nil {
			return err
		}
	}
	return nil
}

// usersOwn are the access lists of the folders of somebody's own: that user alone, SYSTEM and the administrators. Nothing comes from the
// folder above. A user can make nobody else the owner.
func usersOwn(p Places) ([]descriptor, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("finding out who runs the service: %w", err)
	}
	return p.usersOwn(user.User.Sid.String()), nil
}

// safeAbove looks at the folder in which the first is, or will be: who could rename it could put another in its place.
func safeAbove(list []descriptor, name string) error {
	path := filepath.Dir(list[0].path)
	if list[0].path == "" {
		path = filepath.Dir(list[1].path)
	}
	for !exists(path) && path != filepath.Dir(path) {
		path = filepath.Dir(path)
	}
	_, err := NewLooker().look(path, aboveDir, Callers(name))
	var found *ExposedError
	if errors.As(err, &found) {
		return &FolderError{path, found, refusedRemedy}
	}
	return nil // what can't be looked at, can't be made either
}

const refusedRemedy = "set DARUMA_HOME to a folder that only administrators can change, or take it with daruma run --allow-unsafe"

// make makes the folder with its access list from the first moment on. One that is there must belong to us; where it has the access
// of the folder above, or others may write to it, it gets the list. A list of its own is left as it is: an administrator may have let others
// read.
func (d descriptor) make(name string) error {
	if !exists(d.path) {
		want, err := windows.SecurityDescriptorFromString(d.sddl)
		if err == nil {
			err = makeFolder(d.path, want)
		}
		if err == nil || !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
			return inWords(d.path, err)
		}
	}
	if err := d.check(name); err != nil {
		return err
	}
	have, err := descriptorOf(d.path)
	if err != nil {
		return inWords(d.path, err)
	}
	a, err := read(have)
	if err != nil {
		return inWords(d.path, err)
	}
	sid, _ := a.finding(itsDir, Callers(name).sids...)
	if sid == "" && protected(have) || wine.Running() { // which keeps mode bits, of which none says protected
		return nil
	}
	return inWords(d.path, d.setList())
}

func inWords(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("making %s for its user alone: %w (set DARUMA_HOME to a folder you can write)", path, err)
}

// setList sets the access list alone: the owner is right, and may not be allowed to make another the owner.
func (d descriptor) setList() error {
	want, err := windows.SecurityDescriptorFromString(d.sddl)
	if err != nil {
		return err
	}
	list, _, err := want.DACL()
	if err != nil {
		return err
	}
	h, err := pin(d.path, windows.WRITE_DAC) // the folder itself, whatever has the name a moment later
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	return windows.SetSecurityInfo(h, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION,
		nil, nil, list, nil)
}

// check refuses what is no folder and a folder of somebody else: its owner may have it open, and can always change its access list.
func (d descriptor) check(name string) error {
	info, err := os.Lstat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return inWords(d.path, err)
	}
	if info.Mode().Type() != fs.ModeDir {
		return &FolderError{d.path, errLink, "or set DARUMA_HOME to another folder"}
	}
	have, err := descriptorOf(d.path)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) && os.Getenv(folders.InstalledVariable) != "" {
		return nil // an account that may use it, as the next step shows, and may not see who else may
	} else if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return &FolderError{d.path, errors.New("it is another user's, or an installed service's"), "run daruma as an administrator, or set DARUMA_HOME"}
	} else if err != nil {
		return inWords(d.path, err)
	}
	owner, _, err := have.Owner()
	if err != nil {
		return inWords(d.path, err)
	}
	users := Callers(name).sids
	sid := owner.String()
	if trusted(sid, users...) || isPerson(sid) && trusted(sid, administrators()...) {
		return nil
	}
	return &FolderError{d.path, fmt.Errorf("it belongs to %s, who made it before", accountName(sid)),
		fmt.Sprintf(`look at what is in it, then rename it (ren "%s" NEWNAME), or set DARUMA_HOME to another folder`, d.path)}
}

// CheckOwner refuses a folder or file that belongs to somebody else than the administrators and those whom Windows trusts, as Task
// Scheduler's folder of our tasks may: who makes it first decides later what is in it. One that isn't there is fine. Windows only.
func CheckOwner(path string) error {
	have, err := descriptorOf(path)
	if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) || errors.Is(err, windows.ERROR_PATH_NOT_FOUND) {
		return nil
	} else if err != nil {
		return fmt.Errorf("looking at whose %s is: %w", path, err)
	}
	user, err := installingUser()
	if err != nil {
		return err
	}
	owner, _, err := have.Owner()
	if err != nil {
		return fmt.Errorf("looking at whose %s is: %w", path, err)
	}
	if sid := owner.String(); !trusted(sid, user) && !(isPerson(sid) && trusted(sid, administrators()...)) {
		return &ExposedError{Path: path, Where: path, Who: accountName(sid), What: "owns it, and made it before",
			Remedy: "look at what is in it, then remove it"}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
