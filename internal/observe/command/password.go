package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/daruma-sh/daruma/internal/cli/screen"
)

const (
	// hashCost makes a guess cost a quarter of a second of a processor.
	hashCost = 12
	// leastPassword is how long a password must be, in bytes (NIST SP 800-63B, 3.1.1: eight at least).
	leastPassword = 8
	// mostPassword is what bcrypt takes into account.
	mostPassword = 72
)

// hashPassword asks for a password at a terminal, or takes the first line of a pipe, and prints its hash.
func hashPassword(in *os.File, out, errs io.Writer) error {
	if restore, err := screen.NoEcho(in); err == nil {
		fmt.Fprint(errs, "Password: ")
		defer fmt.Fprintln(errs)
		defer restore()
	}
	hash, err := hashOf(in)
	if err != nil {
		return &failure{err}
	}
	fmt.Fprintln(out, hash)
	return nil
}

// hashOf hashes the first line.
func hashOf(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	password := strings.TrimRight(line, "\r\n")
	if n := len(password); n < leastPassword || n > mostPassword {
		return "", fmt.Errorf("the password has %d bytes: %d to %d are allowed", n, leastPassword, mostPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	return string(hash), err
}
