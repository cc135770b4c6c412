package control

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// How long a server tries to get what a predecessor, which has just ended, or a client that looks may still have.
const (
	heldPatience = time.Second
	heldStep     = 10 * time.Millisecond
)

// secretLength is the length of what is drawn by lot for the pipe's name, in bytes.
const secretLength = 16

// claim makes the file at path this server's, for as long as it is open, and writes into it the name that the pipe shall have.
// The kernel keeps others from writing to it (no FILE_SHARE_WRITE), and by that clients tell a server that lives.
//
// On a full disk the name isn't written, and the pipe gets the name that can be guessed: better than none.
func claim(path string) (file *os.File, name string, err error) {
	text, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, "", &os.PathError{Op: "open", Path: path, Err: err}
	}
	var h windows.Handle
	for end := time.Now().Add(heldPatience); ; time.Sleep(heldStep) {
		h, err = windows.CreateFile(text, windows.GENERIC_WRITE, windows.FILE_SHARE_READ, nil, windows.OPEN_ALWAYS,
			windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) || time.Now().After(end) {
			break
		}
	}
	switch {
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
		return nil, "", &HeldError{Socket: path}
	case err != nil:
		return nil, "", &os.PathError{Op: "open", Path: path, Err: err}
	}
	file = os.NewFile(uintptr(h), path)
	var secret [secretLength]byte
	_, _ = rand.Read(secret[:]) // never fails
	name = pipeName(path) + "-" + hex.EncodeToString(secret[:])
	// Over what a predecessor left, which has the same length: to the clients there is a name at any time.
	written, err := file.WriteAt([]byte(name), 0)
	if errors.Is(err, windows.ERROR_DISK_FULL) {
		name, written, err = pipeName(path), 0, nil
	}
	if err == nil {
		err = file.Truncate(int64(written))
	}
	if err != nil {
		_ = file.Close()
		return nil, "", err
	}
	return file, name, nil
}

// claimed gives the name of the pipe of the server that lives, or an error of kind fs.ErrNotExist.
func claimed(path string) (string, error) {
	if file, err := openClaim(path, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE); err == nil {
		_ = file.Close() // nobody has it open for writing
		return "", &os.PathError{Op: "open", Path: path, Err: windows.ERROR_FILE_NOT_FOUND}
	} else if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return "", err
	}
	file, err := openClaim(path, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE|windows.FILE_SHARE_WRITE)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var buf [256]byte
	n, _ := file.ReadAt(buf[:], 0)
	return checkClaim(path, string(buf[:n]))
}

// checkClaim takes no other name than claim writes: the service's account could write one of another computer, where an
// administrator's name and password would be asked for.
func checkClaim(path, name string) (string, error) {
	own := pipeName(path)
	if name == "" {
		return own, nil
	}
	secret, ok := strings.CutPrefix(name, own+"-")
	if b, err := hex.DecodeString(secret); !ok || err != nil || len(b) != secretLength {
		return "", fmt.Errorf("%s holds %.80q, which is no name of a control pipe", path, name)
	}
	return name, nil
}

// openClaim opens a file of the disk for reading, and nothing that somebody put in its place: no link is followed, and whoever
// is at the other end of a pipe may not act in our name.
func openClaim(path string, share uint32) (*os.File, error) {
	text, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	const careful = windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_ANONYMOUS
	h, err := windows.CreateFile(text, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, careful, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if kind, err := windows.GetFileType(h); err != nil || kind != windows.FILE_TYPE_DISK {
		windows.CloseHandle(h)
		return nil, fmt.Errorf("%s is no ordinary file", path)
	}
	return os.NewFile(uintptr(h), path), nil
}
