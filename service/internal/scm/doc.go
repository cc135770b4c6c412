// Package scm connects a process to Windows' Service Control Manager: the dispatcher's callbacks, the reports of the state, and
// the settings that decide what a service may take. On other systems it is empty.
//
// golang.org/x/sys/windows/svc isn't used. Its handler waits until the service reads the control, it accepts controls that the service
// doesn't handle, and it passes on pointers into memory that is the system's again as soon as the handler has returned.
package scm
