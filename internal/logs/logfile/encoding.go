package logfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/charset"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxEncoding is how long a name may be.
const maxEncoding = 100

func encodingPath(dir, program string) string {
	return filepath.Join(dir, program+Ext+EncodingExt)
}

// Encoding is the name that stands beside a program's log; "": it is UTF-8. What can't be read is taken for that.
func Encoding(dir, program string) string {
	f, err := safefile.Open(encodingPath(dir, program))
	if err != nil {
		return ""
	}
	defer f.Close()
	name, err := io.ReadAll(io.LimitReader(f, maxEncoding))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// KeepEncoding notes beside a program's log how readers have to decode it: under its own name, because another machine, or a session of
// another user, has another oem. It gives that name.
func KeepEncoding(dir, program, name string) (string, error) {
	name, err := charset.Resolve(name)
	if err != nil {
		return "", err
	}
	path := encodingPath(dir, program)
	if name == charset.UTF8 {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return name, err
		}
		return name, nil
	}
	if Encoding(dir, program) == name {
		return name, nil
	}
	return name, safefile.Replace(path, []byte(name+"\n"), fileMode)
}
