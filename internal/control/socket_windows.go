package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/internal/wine"
)

// pipeName is the beginning of the name of the pipe that stands for the socket at path. Pipes have one name space for the
// whole machine, so it is made of the path, and two homes with services of the same name don't meet.
func pipeName(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		full = path
	}
	sum := sha256.Sum256([]byte(strings.ToLower(full))) // Windows' paths don't know upper from lower case
	return `\\.\pipe\daruma-` + hex.EncodeToString(sum[:10])
}

func isThere(net.Listener, string) bool { return true }

// listen opens the pipe for those who may control the service: whoever runs it, SYSTEM, and administrators.
//
// Everybody on the machine may make a pipe of any name. One that can be guessed could be made by a stranger before us: we
// would have none, or clients would talk to the stranger. So each server makes up a random name and writes it into the file at
// path, in a folder that strangers neither read nor write: see [claim].
//
// The pipe is made only if nobody else has one of this name (FILE_CREATE, what CreateNamedPipe calls
// FILE_FLAG_FIRST_PIPE_INSTANCE).
func listen(path string) (net.Listener, error) { return listenForReaders(path, readers.Set{}) }

// listenForReaders opens the pipe to those of the set, too, and lets them read its name in the file.
func listenForReaders(path string, set readers.Set) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating %s: %w", filepath.Dir(path), err)
	}
	sddl, err := accessList()
	if err != nil {
		return nil, fmt.Errorf("control pipe: %w", err)
	}
	file, name, err := claim(path)
	if err != nil {
		return nil, err
	}
	if err := letRead(file, sddl, set); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("letting readers read %s: %w", path, err)
	}
	sddl += entries(rightsOfReaders, set)
	l, err := listenSoon(name, &winio.PipeConfig{SecurityDescriptor: sddl, InputBufferSize: 16 << 10, OutputBufferSize: 64 << 10})
	if err == nil && wine.Running() {
		l, err = loosen(l, name)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("opening the control pipe %s: %w", name, err)
	}
	return &claimedListener{l, file, path}, nil
}

// claimedListener gives the claim up with the pipe.
type claimedListener struct {
	net.Listener
	file *os.File
	path string
}

func (l *claimedListener) Close() error {
	err := errors.Join(l.Listener.Close(), l.file.Close())
	_ = os.Remove(l.path) // a successor's can't be removed: it has it open without FILE_SHARE_DELETE
	return err
}

// listenSoon waits for the pipe of a predecessor that has just ended: it lasts until the kernel has taken the process apart.
func listenSoon(name string, cfg *winio.PipeConfig) (net.Listener, error) {
	for end := time.Now().Add(heldTimeout); ; time.Sleep(heldStep) {
		l, err := winio.ListenPipe(name, cfg)
		if err == nil || time.Now().After(end) {
			return l, err
		}
	}
}

// accessList is the pipe's security descriptor in SDDL: protected from inheritance, everything for whoever runs the service, for
// SYSTEM and for the administrators, nothing for anybody else.
//
// It doesn't refuse NETWORK (NU): an administrator's shell over WinRM or ssh has that group, though it runs on this machine. Clients of
// other machines are refused by the pipe itself: go-winio makes every pipe with PIPE_REJECT_REMOTE_CLIENTS.
// Sources: https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew, https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format
func accessList() (string, error) {
	token := windows.GetCurrentProcessToken()
	user, err := token.GetTokenUser()
	if err != nil {
		return "", fmt.Errorf("finding out who runs the service: %w", err)
	}
	groups, err := token.GetTokenGroups()
	if err != nil {
		return "", fmt.Errorf("finding out who runs the service: %w", err)
	}
	var names []string
	for _, g := range groups.AllGroups() {
		if g.Attributes&windows.SE_GROUP_ENABLED != 0 && g.Attributes&windows.SE_GROUP_USE_FOR_DENY_ONLY == 0 {
			names = append(names, g.Sid.String())
		}
	}
	return "D:P(A;;GA;;;" + runner(user.User.Sid.String(), names) + ")(A;;GA;;;SY)(A;;GA;;;BA)", nil
}

// runner is the SID by which the service is known: its account's, unless other services have that account too. Then it is the
// one of NT SERVICE\NAME, which install lets its processes have.
func runner(user string, groups []string) string {
	const localService, networkService = "S-1-5-19", "S-1-5-20"
	if user != localService && user != networkService {
		return user
	}
	for _, sid := range groups {
		if strings.HasPrefix(sid, "S-1-5-80-") && sid != "S-1-5-80-0" { // the latter is all services together
			return sid
		}
	}
	return user
}

// dial connects to the pipe that stands for the socket at path. It allows the server no impersonation.
func dial(ctx context.Context, path string) (net.Conn, error) {
	name, err := claimed(path)
	if err != nil {
		return nil, err
	}
	if wine.Running() && !loosened(name) {
		return nil, &os.PathError{Op: "open", Path: name, Err: windows.ERROR_FILE_NOT_FOUND}
	}
	if filepath.Base(path) == folders.ReadersSocket {
		return winio.DialPipeAccess(ctx, name, rightsOfReaders)
	}
	return winio.DialPipeContext(ctx, name)
}

// admit has nothing to check: the pipe's access list has done it.
func admit(net.Conn) error { return nil }

// owner names the user whom a file belongs to; on Windows that isn't looked up.
func owner(os.FileInfo) string { return "" }

// refused says whether err means that nobody listens, beyond what package syscall calls ENOENT.
func refused(err error) bool { return errors.Is(err, windows.ERROR_FILE_NOT_FOUND) }
