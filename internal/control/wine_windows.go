package control

import (
	"context"
	"net"
	"os"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// Under Wine the first client connects to the handle that go-winio keeps only to hold the pipe's name, and waits there for
// ever. So the server itself is the first client; and that nobody comes before it, the others wait for an event by the
// pipe's name, which lives as long as the server. On Windows nothing of this is needed, and nothing of it is done.

// wineListener closes the event with the pipe.
type wineListener struct {
	net.Listener
	event windows.Handle
}

func (l *wineListener) Close() error {
	windows.CloseHandle(l.event)
	return l.Listener.Close()
}

// loosen makes the pipe's first connection, then lets others connect.
func loosen(l net.Listener, name string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if conn, err := winio.DialPipeContext(ctx, name); err == nil {
		_ = conn.Close()
	}
	event, err := windows.CreateEvent(nil, 1, 1, openEvent(name))
	if event == 0 {
		_ = l.Close()
		return nil, os.NewSyscallError("CreateEvent", err)
	}
	return &wineListener{l, event}, nil
}

// loosened says whether the server has been its own first client.
func loosened(name string) bool {
	event, err := windows.OpenEvent(windows.SYNCHRONIZE, false, openEvent(name))
	if err != nil {
		return false
	}
	windows.CloseHandle(event)
	return true
}

func openEvent(name string) *uint16 {
	text, err := windows.UTF16PtrFromString(strings.TrimPrefix(name, `\\.\pipe\`) + "-open")
	if err != nil {
		return nil
	}
	return text
}
