package store

import "github.com/daruma-sh/daruma/internal/safefile"

func renameFolder(from, to string) error { return safefile.RenameNew(from, to) }
