package verbs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/service/manager"
)

// maxPassword bounds what is read, in bytes. Windows takes 256 characters at most (PWLEN of lmcons.h).
const maxPassword = 4096

// readPassword gives the first line of a file, or of standard input for "-".
func readPassword(path string) (manager.Password, error) {
	file := os.Stdin
	if path != "-" {
		var err error
		if file, err = os.Open(path); err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer func() { _ = file.Close() }()
	}
	line, err := bufio.NewReaderSize(io.LimitReader(file, maxPassword), maxPassword).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("--password-file %s: its first line is empty: write the password there", path)
	}
	return manager.Password(line), nil
}
