package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxConf is how long a file of the machine's own configuration may be, in bytes.
const maxConf = 64 << 20

// confFolder is where configuration is, in a package as on the machine.
const confFolder = "conf"

// ConfFile is a file of the machine's own configuration, and how it stands to the package.
type ConfFile struct {
	Path string // conf/api.conf
	// Default: the package has a file of this path, too. Same: with the same content. Changed: with another one than the release before.
	Default, Same, Changed bool
	content                []byte
	info                   fs.FileInfo
}

// String says it in words.
func (c ConfFile) String() string {
	switch {
	case !c.Default:
		return c.Path + ": this machine's own; the package has none"
	case c.Same:
		return c.Path + ": this machine's own, the same as the package's default"
	case c.Changed:
		return c.Path + ": this machine's own; the package's default CHANGED since the release before: compare the two"
	}
	return c.Path + ": this machine's own, instead of the package's default"
}

// Conf lists the files of conf/ on this machine, and compares them with a package and with the manifest of the release before (nil: none).
func Conf(root string, m, before *archive.Manifest) ([]ConfFile, error) {
	dir, err := os.OpenRoot(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	var list []ConfFile
	err = fs.WalkDir(dir.FS(), confFolder, func(path string, e fs.DirEntry, err error) error {
		switch {
		case path == confFolder && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil || e.IsDir():
			return err
		case e.Type() != 0:
			return fmt.Errorf("%s is a link or no regular file: put a copy in its place", filepath.Join(root, path))
		}
		if err := archive.CheckPath(path, m.OS); err != nil {
			return err
		}
		c, err := readConf(dir, path, m, before)
		list = append(list, c)
		return err
	})
	return list, err
}

func readConf(dir *os.Root, path string, m, before *archive.Manifest) (ConfFile, error) {
	c := ConfFile{Path: path}
	if err := c.read(dir.Name()); err != nil {
		return c, err
	}
	file := m.Find(path)
	if c.Default = file != nil; !c.Default {
		return c, nil
	}
	sum := sha256.Sum256(c.content)
	c.Same = hex.EncodeToString(sum[:]) == file.SHA256
	if before != nil {
		was := before.Find(path)
		c.Changed = was == nil || was.SHA256 != file.SHA256
	}
	return c, nil
}

// read takes the content, and the owner and mode, of one and the same file: a program's user may own a folder in conf/, and put a link to
// what only root may read in its place meanwhile.
func (c *ConfFile) read(root string) error {
	f, err := safefile.OpenWithin(filepath.Join(root, confFolder), strings.TrimPrefix(c.Path, confFolder+"/"))
	if err != nil {
		return err
	}
	defer f.Close()
	if c.info, err = f.Stat(); err != nil {
		return err
	}
	c.content, err = io.ReadAll(io.LimitReader(f, maxConf+1))
	if err == nil && len(c.content) > maxConf {
		err = fmt.Errorf("it has more than %d MiB", maxConf>>20)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(root, c.Path), err)
	}
	return nil
}

// Merge writes the machine's own files over the defaults of a release in dir. Each keeps its mode (and for root its owner): it may have
// secrets in it.
func Merge(dir string, list []ConfFile) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, c := range list {
		if err := mergeFile(root, c); err != nil {
			return fmt.Errorf("%s: %w", c.Path, err)
		}
	}
	return nil
}

// makeFolder makes a folder and those above it, whatever umask says: the service's account goes through them.
func makeFolder(root *os.Root, folder string) error {
	if _, err := root.Lstat(folder); err == nil {
		return nil
	}
	if err := makeFolder(root, path.Dir(folder)); err != nil {
		return err
	}
	if err := root.Mkdir(folder, 0o755); err != nil {
		return err
	}
	return root.Chmod(folder, 0o755)
}

func mergeFile(root *os.Root, c ConfFile) error {
	if err := makeFolder(root, path.Dir(c.Path)); err != nil {
		return err
	}
	if err := root.Remove(c.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(c.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(c.content).WriteTo(f)
	if err == nil {
		err = likeTheOriginal(f, c.info)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ManifestOf reads that of a release which is unpacked here; nil where there is none.
func (s *Store) ManifestOf(version string) *archive.Manifest {
	text, err := safefile.ReadFile(filepath.Join(s.Folder(version), archive.ManifestName), 64<<20)
	if err != nil {
		return nil
	}
	m, err := archive.DecodeManifest(text)
	if err != nil {
		return nil
	}
	return m
}
