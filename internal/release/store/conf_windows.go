package store

import (
	"io/fs"
	"os"
)

// likeTheOriginal: on Windows the folder's access list says who reads.
func likeTheOriginal(*os.File, fs.FileInfo) error { return nil }
