package launch

import (
	"strconv"
	"syscall"
)

// What the two steps are called whose errors say least: their errors have been read by others. The path follows.
const (
	StartingStep = "starting "        // execve, CreateProcess; without the launcher all steps are this one
	EnteringStep = "entering folder " // by the launcher
)

// Error says which step of a start failed. Errno is 0 where no system call did.
type Error struct {
	Step  string // "setting rlimit nofile to 1048576", "entering folder /srv/shop", …
	Errno syscall.Errno
}

func (e *Error) Error() string {
	if e.Errno == 0 {
		return e.Step
	}
	return e.Step + ": " + e.Errno.Error()
}

// Unwrap gives the errno, for errors.Is(err, syscall.EPERM) and the like.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// failed makes the error of a step, nil where errno is 0.
func failed(errno syscall.Errno, step string) *Error {
	if errno == 0 {
		return nil
	}
	return &Error{Step: step, Errno: errno}
}

// userError is about what a person wrote, not about a plan.
func userError(text string) error { return &Error{Step: text} }

func planError(text string) error { return &Error{Step: "launch plan: " + text} }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return strconv.Quote(s)
}
