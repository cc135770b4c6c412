package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// eachIn walks the file or folder at path, whose own name is the first that visit gets; what vanishes meanwhile is left out. It ends with the
// cause of ctx.
//
// [fs.WalkDir] takes names in UTF-8 alone, and on Linux a name is any bytes.
func eachIn(ctx context.Context, path string, visit func(parent *os.Root, name string, info fs.FileInfo) error) error {
	info, err := ordinary(path)
	if err != nil {
		return err
	}
	parent, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer parent.Close()
	return walk(ctx, parent, filepath.Base(path), info, visit)
}

// ordinary refuses what is neither a file nor a folder.
func ordinary(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is a link, or neither a file nor a folder: name where it leads", path)
	}
	return info, err
}

func walk(ctx context.Context, parent *os.Root, name string, info fs.FileInfo, visit func(parent *os.Root, name string, info fs.FileInfo) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := visit(parent, name, info); err != nil || !info.IsDir() {
		return err
	}
	names, err := namesIn(parent, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, n := range names {
		child := filepath.Join(name, n)
		info, err := parent.Lstat(child)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = walk(ctx, parent, child, info, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// namesIn gives the names in a folder, sorted. It is opened as a folder: a pipe that somebody has put in its place would hold the opening up.
func namesIn(parent *os.Root, name string) ([]string, error) {
	dir, err := parent.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// sizeOf is that of the files at path, in bytes.
func sizeOf(ctx context.Context, path string) (size int64, err error) {
	err = eachIn(ctx, path, func(_ *os.Root, _ string, info fs.FileInfo) error {
		if info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size, err
}

// overlap tells whether one of two files or folders that are there is the other one, or lies in it, whatever names lead to them.
func overlap(a, b string) (bool, error) {
	in, err := liesIn(a, b)
	if err != nil || in {
		return in, err
	}
	return liesIn(b, a)
}

func liesIn(path, folder string) (bool, error) {
	outer, err := os.Stat(folder)
	if err != nil {
		return false, err
	}
	if path, err = filepath.Abs(path); err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	for err == nil {
		info, failed := os.Stat(path)
		switch up := filepath.Dir(path); {
		case failed != nil:
			return false, failed
		case os.SameFile(info, outer):
			return true, nil
		case up == path:
			return false, nil
		default:
			path = up
		}
	}
	return false, err
}
