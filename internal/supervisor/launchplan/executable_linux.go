package launchplan

import (
	"errors"
	"os"
)

func mayExecute(info os.FileInfo) error {
	if info.Mode().Perm()&0o111 == 0 {
		return errors.New("it is not executable (chmod +x)")
	}
	return nil
}

// spellings are the files that a name in a command may mean.
func spellings(name string) []string { return []string{name} }
