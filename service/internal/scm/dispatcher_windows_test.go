package scm

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// TestControlCopies: the session's number outlives the system's memory.
func TestControlCopies(t *testing.T) {
	var got []Control
	d := &Dispatcher{handle: func(c Control) windows.Errno {
		got = append(got, c)
		return windows.ERROR_CALL_NOT_IMPLEMENTED
	}}
	note := sessionNotification{size: 8, session: 5}
	for _, c := range []struct {
		code, event uint32
		data        unsafe.Pointer
		want        Control
	}{
		{windows.SERVICE_CONTROL_SESSIONCHANGE, 5, unsafe.Pointer(&note), Control{windows.SERVICE_CONTROL_SESSIONCHANGE, 5, 5}},
		{windows.SERVICE_CONTROL_SESSIONCHANGE, 7, nil, Control{windows.SERVICE_CONTROL_SESSIONCHANGE, 7, 0}},
		{windows.SERVICE_CONTROL_POWEREVENT, 4, unsafe.Pointer(&note), Control{windows.SERVICE_CONTROL_POWEREVENT, 4, 0}},
	} {
		if errno := d.control(c.code, c.event, c.data, 0); windows.Errno(errno) != windows.ERROR_CALL_NOT_IMPLEMENTED {
			t.Fatalf("answer %d", errno)
		}
		note.session = 6
		if got[len(got)-1] != c.want {
			t.Errorf("%+v, want %+v", got[len(got)-1], c.want)
		}
		note.session = 5
	}
}
