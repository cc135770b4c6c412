package store

import (
	"os"

	"github.com/daruma-sh/daruma/internal/safefile"
)

func renameFolder(from, to string) error { return safefile.RenameNew(from, to) }

// renameOver puts a file in the place of another.
func renameOver(from, to string) error { return os.Rename(from, to) }
