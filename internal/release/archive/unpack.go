package archive

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// Check inflates every file and holds it to the manifest, without writing anything.
func (p *Package) Check() error {
	for i, entry := range p.entries {
		if err := copyFile(io.Discard, entry, &p.Manifest.Files[i]); err != nil {
			return err
		}
	}
	return nil
}

// ReadFile gives the content of a file of the package, held to the manifest. One of more than limit bytes is an error.
func (p *Package) ReadFile(name string, limit int64) ([]byte, error) {
	for i := range p.Manifest.Files {
		if f := &p.Manifest.Files[i]; f.Path == name {
			if f.Size > limit {
				return nil, fmt.Errorf("%s has %d bytes; %d are allowed", name, f.Size, limit)
			}
			var content buffer
			err := copyFile(&content, p.entries[i], f)
			return content, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// Unpack writes all files and the manifest into the folder dir, which must exist and be empty. Nothing that is there is written over, and no
// link is followed out of dir. Files can be read by everybody, and written by nobody: a release stays as it was delivered. Each is held to
// the manifest; after an error dir has a part of them. [Sync] brings them to the disk.
func (p *Package) Unpack(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	made := map[string]bool{".": true}
	for i, entry := range p.entries {
		if err := makeFolder(root, path.Dir(p.Manifest.Files[i].Path), made); err != nil {
			return err
		}
		if err := unpackFile(root, entry, &p.Manifest.Files[i]); err != nil {
			return fmt.Errorf("%s: %w", p.Manifest.Files[i].Path, err)
		}
	}
	manifest := &File{Path: ManifestName, Mode: ModeFile}
	return writeNew(root, manifest, func(w io.Writer) error {
		_, err := w.Write(p.manifest)
		return err
	})
}

// Sync brings everything below dir to the disk.
func Sync(dir string) error { return syncTree(dir) }

// makeFolder makes a folder and those above it, whatever umask says: the service's account goes through them.
func makeFolder(root *os.Root, folder string, made map[string]bool) error {
	if made[folder] {
		return nil
	}
	if err := makeFolder(root, path.Dir(folder), made); err != nil {
		return err
	}
	made[folder] = true
	if err := root.Mkdir(folder, 0o755); err != nil {
		return err
	}
	return root.Chmod(folder, 0o755)
}

func unpackFile(root *os.Root, entry *zip.File, file *File) error {
	return writeNew(root, file, func(w io.Writer) error { return copyFile(w, entry, file) })
}

// readOnly takes the right to write.
const readOnly fs.FileMode = 0o555

func writeNew(root *os.Root, file *File, write func(io.Writer) error) error {
	mode := file.mode() & readOnly
	f, err := root.OpenFile(file.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = finish(f, mode)
	}
	return errors.Join(err, f.Close())
}

// copyFile inflates an entry into w, no more than the manifest says, and compares the hash. The zip's own checksum is that of whoever
// wrote the zip.
func copyFile(w io.Writer, entry *zip.File, file *File) error {
	r, err := entry.Open()
	if err != nil {
		return fmt.Errorf("%s can't be read from the package: %w", file.Path, err)
	}
	defer r.Close()
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(r, file.Size+1))
	if err != nil {
		return fmt.Errorf("%s can't be read from the package, or be written: %w", file.Path, err)
	}
	if size != file.Size || hex.EncodeToString(h.Sum(nil)) != file.SHA256 {
		return fmt.Errorf("%s isn't what the manifest says: the package was damaged or changed", file.Path)
	}
	return nil
}
