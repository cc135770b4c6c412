package logfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// CompressedFolder is the folder within the log folder in which the compressed files are. Log shippers follow a pattern like api*.log*: a
// compressed copy within it would be taken for a new file, and each line shipped twice, or garbage.
//
// Versions before this folder compressed beside the rotated file. What they left is read and deleted in its place.
const CompressedFolder = "compressed"

// Compressed is the path of the compressed file within the log folder.
func (r Rotated) Compressed(program string) string {
	return filepath.Join(CompressedFolder, r.Name(program)+GzipExt)
}

// compressedBeside is where older versions put it.
func (r Rotated) compressedBeside(program string) string { return r.Name(program) + GzipExt }

// OpenCompressed opens the compressed form of a rotated file of the program in dir for reading, wherever it is.
func OpenCompressed(dir, program string, r Rotated) (*os.File, error) {
	// Whoever reads may have more rights than the account that owns the log folder, and may put a link in the place of the other.
	f, err := safefile.OpenWithin(dir, r.Compressed(program))
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	return safefile.Open(filepath.Join(dir, r.compressedBeside(program)))
}

// isFolder gives an error where path isn't a folder itself.
func isFolder(path string) error {
	st, err := os.Lstat(path)
	if err == nil && !st.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("is no folder; daruma keeps its compressed logs there: remove it")}
	}
	return err
}

// makeCompressedFolder makes it, and has it outlive a power cut: the plain files are removed for what is in it.
func makeCompressedFolder(dir string) error {
	path := filepath.Join(dir, CompressedFolder)
	err := os.Mkdir(path, 0o750)
	if errors.Is(err, fs.ErrExist) {
		return isFolder(path)
	}
	if err != nil {
		return err
	}
	return safefile.SyncFolder(dir)
}
