package probe

import (
	"syscall"

	"golang.org/x/sys/windows"
)

func isShortage(e syscall.Errno) bool {
	switch e {
	case windows.WSAEMFILE, windows.WSAENOBUFS, windows.WSAEADDRNOTAVAIL, windows.ERROR_NOT_ENOUGH_MEMORY,
		windows.ERROR_TOO_MANY_OPEN_FILES, windows.ERROR_NO_SYSTEM_RESOURCES, windows.ERROR_COMMITMENT_LIMIT:
		return true
	}
	return false
}

// errnoText shortens the most frequent errors; Windows' own text is a sentence, in the language of the machine.
func errnoText(e syscall.Errno) string {
	switch e {
	case windows.WSAECONNREFUSED:
		return "connection refused"
	case windows.WSAECONNRESET, windows.WSAECONNABORTED:
		return "connection reset"
	case windows.WSAEHOSTUNREACH:
		return "no route to host"
	case windows.WSAENETUNREACH:
		return "network is unreachable"
	case windows.WSAEMFILE:
		return "too many open sockets"
	}
	return excerpt([]byte(e.Error()))
}
