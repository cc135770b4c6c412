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

	"github.com/daruma-sh/daruma/internal/safefile"
)

// How long a server tries to open the file. A predecessor that has just ended, or a client that reads the name, may still hold it.
const (
	heldTimeout = time.Second
	heldStep    = 10 * time.Millisecond
)

// secretLength is the length of the random part of the pipe's name, in bytes.
const secretLength = 16

// claim makes the file at path this server's, for as long as it is open, and writes into it the name that the pipe shall have.
// The kernel keeps others from opening it for writing (no FILE_SHARE_WRITE): that is how clients know that the server lives.
//
// On a full disk the name can't be written. Then the pipe gets the name that can be guessed: better than none.
func claim(path string) (file *os.File, name string, err error) {
	for end := time.Now().Add(heldTimeout); ; time.Sleep(heldStep) {
		file, err = safefile.OpenSharing(path, windows.GENERIC_WRITE, windows.FILE_SHARE_READ, windows.OPEN_ALWAYS)
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) || time.Now().After(end) {
			break
		}
	}
	switch {
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
		return nil, "", &HeldError{Socket: path}
	case err != nil:
		return nil, "", err
	}
	var secret [secretLength]byte
	_, _ = rand.Read(secret[:]) // never fails
	name = pipeName(path) + "-" + hex.EncodeToString(secret[:])
	// A predecessor's name has the same length and is written over, so that clients find a whole name at any time.
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
	if file, err := safefile.OpenSharing(path, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, windows.OPEN_EXISTING); err == nil {
		_ = file.Close() // nobody has it open for writing
		return "", &os.PathError{Op: "open", Path: path, Err: windows.ERROR_FILE_NOT_FOUND}
	} else if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		return "", err
	}
	file, err := safefile.Open(path)
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
