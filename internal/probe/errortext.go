package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// excerptLen is how many bytes of a program's answer a message shows.
const excerptLen = 120

func itoa(n int) string { return strconv.Itoa(n) }

// isTimeout reports whether err is a deadline that passed.
func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// isLocalShortage reports whether daruma itself lacked something (file descriptors, memory, local ports). A program must
// not be ended for that.
func isLocalShortage(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && isShortage(errno)
}

// errorText describes an error of a connection in a few words.
func errorText(err error) string {
	var (
		errno  syscall.Errno
		dns    *net.DNSError
		record tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &errno):
		return errnoText(errno)
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return "the host " + strconv.Quote(dns.Name) + " is not known"
		}
		return "the host " + strconv.Quote(dns.Name) + " could not be looked up: " + excerpt([]byte(dns.Err))
	case errors.As(err, &record):
		return "it answers, but not with TLS"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	}
	return excerpt([]byte(err.Error()))
}

// quoted gives the beginning of a program's output as `: "excerpt"`, or nothing where there is none.
func quoted(b []byte) string {
	s := excerpt(b)
	if s == "" {
		return ""
	}
	return ": " + strconv.Quote(s)
}

// excerpt gives the beginning of b as one printable line of at most excerptLen bytes and an ellipsis.
func excerpt(b []byte) string { return plaintext.Excerpt(b, excerptLen) }
