package archive

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// dosDate is 1 January 1980, the first that a zip can have: a package has no times.
const dosDate = 1<<5 | 1

// Hash gives the size and the SHA-256 of a file of root, as the manifest has them.
func Hash(root *os.Root, path string) (size int64, sum string, err error) {
	f, err := root.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return size, hex.EncodeToString(h.Sum(nil)), err
}

// Write writes the package of m, whose files are in root. A file that isn't as m says, because somebody has changed it meanwhile, is an
// error.
func Write(w io.Writer, root *os.Root, m *Manifest) error {
	if err := m.Check(); err != nil {
		return err
	}
	manifest, err := m.Encode()
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	if err := writeManifest(z, manifest); err != nil {
		return err
	}
	for i := range m.Files {
		if err := writeFile(z, root, &m.Files[i]); err != nil {
			return err
		}
	}
	return z.Close()
}

// writeManifest stores the manifest as it is, and its size before it: a reader finds it without inflating anything.
func writeManifest(z *zip.Writer, manifest []byte) error {
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: ManifestName, Method: zip.Store, CRC32: crc32.ChecksumIEEE(manifest),
		//lint:ignore SA1019 CreateRaw writes this field, and not Modified
		ModifiedDate:     dosDate,
		CompressedSize64: uint64(len(manifest)), UncompressedSize64: uint64(len(manifest)),
	})
	if err == nil {
		_, err = w.Write(manifest)
	}
	return err
}

func writeFile(z *zip.Writer, root *os.Root, file *File) error {
	f, err := root.Open(file.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	//lint:ignore SA1019 Modified would add a field with the time, by the second, to each file
	header := &zip.FileHeader{Name: file.Path, Method: zip.Deflate, ModifiedDate: dosDate}
	header.SetMode(file.mode()) // for those who unzip it
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(f, file.Size+1))
	if err != nil {
		return err
	}
	if size != file.Size || hex.EncodeToString(h.Sum(nil)) != file.SHA256 {
		return fmt.Errorf("%s was changed while it was packed: pack again when nobody writes to it", file.Path)
	}
	return nil
}

func (f *File) mode() fs.FileMode {
	mode, err := strconv.ParseUint(f.Mode, 8, 32)
	if err != nil {
		return 0o644
	}
	return fs.FileMode(mode)
}
