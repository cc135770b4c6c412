package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// backups is the folder of the copies, in the service's config folder: outside of the releases, since --purge leaves it.
func (s *Store) backups() string { return filepath.Join(s.root, "backups") }

// BackupFolder is that of the copy that was made before a release was put in force. Those of earlier tries of it have its name with --1, --2
// and so on, in the order of their age; no version has two hyphens in a row.
func (s *Store) BackupFolder(version string) string { return filepath.Join(s.backups(), version) }

// newBackup is where a copy is made.
func (s *Store) newBackup(version string) string { return filepath.Join(s.backups(), ".new-"+version) }

// earlierBackups are the copies of earlier tries of a release, the oldest first.
func (s *Store) earlierBackups(version string) (list []string) {
	for n := 1; ; n++ {
		folder := s.BackupFolder(version) + "--" + strconv.Itoa(n)
		if _, err := os.Lstat(folder); err != nil {
			return list
		}
		list = append(list, folder)
	}
}

// Backup copies files and folders for the release version, and has command (nil: none) write into a folder beside the copies. room is asked
// with the size of what is copied before anything is; its error is given back. The copy has its name only when it is whole and on the disk.
// It gives its size in bytes.
//
// A copy that an earlier try of the release made stays beside the new one, until [Store.ForgetEarlierBackups]: it may be the only one of the data
// from before the release changed them.
//
// Whoever deploys alone may enter the folder. Links are copied as links and never followed, one in paths is refused; sockets and the like are
// left out, and so is what vanishes meanwhile. Owners are kept for root. A path that has the copies in it, or lies in them, is refused: it would
// grow while it is copied. Where ctx ends the error is its cause.
func (s *Store) Backup(ctx context.Context, version string, paths []string, room func(size int64) error, command func(dir string) error) (size int64, err error) {
	if err := os.MkdirAll(s.backups(), 0o700); err != nil {
		return 0, err
	}
	need := int64(0)
	for _, path := range paths {
		if err := s.apart(path); err != nil {
			return 0, err
		}
		n, err := sizeOf(ctx, path)
		if err != nil {
			return 0, err
		}
		need += n
	}
	if err := room(need); err != nil {
		return 0, err
	}
	dir := s.newBackup(version)
	if err := s.removeTree(dir); err != nil {
		return 0, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	s.reach("before the backup")
	for i, path := range paths {
		if err == nil {
			err = copyPath(ctx, path, filepath.Join(dir, strconv.Itoa(i+1)))
		}
	}
	if err == nil && command != nil {
		to := filepath.Join(dir, "command")
		if err = os.Mkdir(to, 0o700); err == nil {
			err = command(to)
		}
	}
	if err == nil {
		size, err = sizeOf(ctx, dir)
	}
	if err == nil {
		err = syncAll(dir)
	}
	if err == nil {
		s.reach("after the backup")
		err = s.nameBackup(version)
	}
	if err != nil {
		return 0, errors.Join(err, s.removeTree(dir))
	}
	return size, safefile.SyncFolder(s.backups())
}

// apart refuses a path that can't be copied into the folder of the copies.
func (s *Store) apart(path string) error {
	if _, err := ordinary(path); err != nil {
		return err
	}
	both, err := overlap(path, s.backups())
	if err == nil && both {
		err = fmt.Errorf("%s can't be backed up: the backups are in it, or it is in them (%s). Name what is to be copied of it", path, s.backups())
	}
	return err
}

// nameBackup gives the copy that was made its name, and the one that has it already another one.
func (s *Store) nameBackup(version string) error {
	folder := s.BackupFolder(version)
	earlier := folder + "--" + strconv.Itoa(len(s.earlierBackups(version))+1)
	if err := renameFolder(folder, earlier); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.reach("before naming the backup")
	return renameFolder(s.newBackup(version), folder)
}

// ForgetEarlierBackups removes the copies that earlier tries of a release made, the newest first: where that fails, those that are left can
// still be counted.
func (s *Store) ForgetEarlierBackups(version string) (err error) {
	for _, folder := range slices.Backward(s.earlierBackups(version)) {
		if err == nil {
			err = s.removeTree(folder)
		}
	}
	return err
}

func (s *Store) removeBackups(version string) error {
	return errors.Join(s.removeTree(s.newBackup(version)), s.ForgetEarlierBackups(version), s.removeTree(s.BackupFolder(version)))
}

// copyPath copies the file or folder at path into the folder to, which it makes.
func copyPath(ctx context.Context, path, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	dest, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer dest.Close()
	type folder struct {
		name string
		info fs.FileInfo
	}
	var made []folder
	err = eachIn(ctx, path, func(parent *os.Root, name string, info fs.FileInfo) error {
		switch {
		case info.IsDir():
			made = append(made, folder{name, info})
			return dest.Mkdir(name, 0o700)
		case info.Mode().Type() == fs.ModeSymlink:
			target, err := parent.Readlink(name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			return dest.Symlink(target, name)
		case !info.Mode().IsRegular():
			return nil
		}
		return copyOne(ctx, parent, dest, name)
	})
	for _, f := range slices.Backward(made) { // last: a folder may be closed to writing
		if err == nil {
			err = asTheOriginal(dest, f.name, f.info)
		}
	}
	return err
}

// copyChunk is how much is copied before it is looked whether that is wanted still, in bytes. In chunks of a file the kernel copies by itself.
const copyChunk = 16 << 20

func copyOne(ctx context.Context, from, to *os.Root, name string) error {
	in, err := safefile.OpenWithin(from.Name(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for err == nil {
		if _, err = io.CopyN(out, in, copyChunk); err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}
	if err == io.EOF {
		err = nil
	}
	if err == nil {
		err = likeTheOriginal(out, info)
	}
	return errors.Join(err, out.Close())
}

func asTheOriginal(root *os.Root, name string, info fs.FileInfo) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(likeTheOriginal(f, info), f.Close())
}

// syncAll brings a folder to the disk. Windows has no call for all files of one that needs no administrator.
func syncAll(dir string) error {
	if runtime.GOOS != "windows" {
		return archive.Sync(dir)
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
