package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

// listen opens a unix socket, which Windows has since version 1809. The named pipe, whose security descriptor says who
// may connect, takes its place with the Windows issue; until then the folder's access list alone keeps others out.
func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating %s: %w", filepath.Dir(path), err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if conn, err := dial(ctx, path); err == nil {
		_ = conn.Close()
		return nil, &HeldError{Socket: path}
	}
	// Windows shows a socket as a reparse point (ModeIrregular); a file or link that somebody put there is left alone.
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().IsRegular() || info.IsDir() || info.Mode()&os.ModeSymlink != 0 {
			return nil, fmt.Errorf("%s is not a socket: remove it", path)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("removing the stale socket %s: %w", path, err)
		}
	}
	return net.Listen("unix", path)
}

// dial connects to the socket at path.
func dial(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// admit lets everyone in whom the folder's access list lets in: Windows gives no user with a unix socket.
func admit(net.Conn) error { return nil }

// owner names the user whom a file belongs to; on Windows that isn't looked up.
func owner(os.FileInfo) string { return "" }

// refused says whether err means that nobody listens: Winsock has its own number for it.
func refused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }
