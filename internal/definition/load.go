package definition

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultFile is the name of the definition that is read where none is named, in the current folder.
const DefaultFile = "daruma.yaml"

// MaxSize is the size in bytes that a definition may have.
const MaxSize = 10 << 20

// Load reads the definition in the file path. env looks a variable up for ${VAR} (os.LookupEnv, or nil for none).
//
// Every error is of type [Errors] and names path as it was given. A folder, a device or a pipe is refused: only a
// regular file can be read again on reload.
func Load(path string, env func(string) (string, bool)) (*Service, error) {
	src, err := Read(path)
	if err != nil {
		return nil, err
	}
	return Parse(src, path, env)
}

// Read reads the file path as [Load] does, and nothing more. The error is of type [Errors].
func Read(path string) ([]byte, error) {
	return ReadNamed(path, DefaultFile)
}

// ReadNamed is [Read] for a file that is usually called name.
func ReadNamed(path, name string) ([]byte, error) {
	src, err := readFile(path, name)
	if err != nil {
		return nil, Errors{{File: path, Msg: err.Error()}}
	}
	return src, nil
}

// readFile gives the file's bytes, or an error that doesn't repeat path.
func readFile(path, name string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, plain(err)
	case info.IsDir():
		return nil, fmt.Errorf("is a folder: name the file in it, such as %s", filepath.Join(path, name))
	case !info.Mode().IsRegular():
		// Opening a FIFO blocks until someone writes, and a device such as /dev/zero never ends.
		return nil, errors.New("is not a regular file: write it to a file first")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, plain(err)
	}
	return src, nil
}

// plain gives the reason in err without operation and path.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Parse reads a definition from memory. file names it in errors and says where relative paths start; with "" they start
// from the current folder. env looks a variable up for ${VAR}; nil: no variable is set. Every error is of type [Errors].
func Parse(src []byte, file string, env func(string) (string, bool)) (svc *Service, err error) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, Errors{{File: file, Msg: err.Error()}}
	}
	dir := filepath.Dir(abs)
	if file == "" {
		abs, dir = "", abs
	}

	d := &decoder{dir: dir, env: env, foreign: foreignKeyHint}
	root, found := read(src)
	d.errs = found
	if root != nil {
		svc = d.service(root)
	}
	if errs := d.problems(file); len(errs) > 0 {
		return nil, errs
	}
	svc.File, svc.Dir, svc.Source = abs, d.dir, src
	svc.positions = sortPositions(d.positions)
	return svc, nil
}

// read turns bytes into nodes; nil where they aren't one YAML document, and then the first reason why.
func read(src []byte) (*node, Errors) {
	text, problem := clean(src)
	if problem != nil {
		return nil, Errors{*problem}
	}
	return parseYAML(text)
}
