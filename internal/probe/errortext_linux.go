package probe

import "syscall"

func isShortage(e syscall.Errno) bool {
	switch e {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EAGAIN:
		return true
	}
	return false
}

func errnoText(e syscall.Errno) string {
	if e == syscall.ECONNRESET || e == syscall.EPIPE {
		return "connection reset"
	}
	return e.Error() // "connection refused", "no route to host", "too many open files": already words
}
