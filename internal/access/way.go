package access

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// step is one thing on the way of a path: the root, a folder in which a name is looked up, a link, or what the path leads to.
type step struct {
	path string
	role role
}

// follower follows paths as the system does: link by link, so that every folder is seen whose owner decides what a name means.
type follower struct {
	known map[string]thing
}

// thing is what has a name.
type thing struct {
	info   fs.FileInfo
	target string // of a link, else ""
}

// maxLinks is how many links a path may lead through: Windows follows 63, Linux 40.
const maxLinks = 64

var errLinks = errors.New("it leads through too many links")

// way gives all things on the way of an absolute path, each once, the end first. as is the end's role.
func (f *follower) way(path string, as role) ([]step, error) {
	at := rootOf(path)
	steps := []step{{at, theRoot}}
	rest := names(path)
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		p := filepath.Join(at, name)
		t, err := f.thing(p)
		if err != nil {
			return nil, err
		}
		if t.target == "" {
			at = p
			steps = append(steps, step{p, aboveDir})
			continue
		}
		if links++; links > maxLinks {
			return nil, &fs.PathError{Op: "follow", Path: path, Err: errLinks}
		}
		steps = append(steps, step{p, theLink})
		if len(rest) == 0 { // what looks up files beside the end looks there, too
			raise(steps, filepath.Dir(p), itsDir)
		}
		if filepath.IsAbs(t.target) {
			at = rootOf(t.target)
			steps = append(steps, step{at, theRoot})
		}
		rest = append(names(t.target), rest...)
	}
	if at != rootOf(at) {
		raise(steps, filepath.Dir(at), itsDir)
	}
	steps = append(steps, step{at, as})
	slices.Reverse(steps)
	return unique(steps), nil
}

// thing looks up what has a name, once.
func (f *follower) thing(path string) (t thing, err error) {
	t, known := f.known[path]
	if known {
		return t, nil
	}
	if t.info, err = os.Lstat(path); err != nil {
		return t, err
	}
	if t.target, err = linkTarget(path, t.info); err != nil {
		return t, err
	}
	f.known[path] = t
	return t, nil
}

// raise gives a folder a role in which more is dangerous. The root keeps its own.
func raise(steps []step, path string, to role) {
	for i := range steps {
		if steps[i].path == path && steps[i].role == aboveDir {
			steps[i].role = to
		}
	}
}

// unique drops what stands there in a role before.
func unique(steps []step) []step {
	seen := map[string]bool{}
	return slices.DeleteFunc(steps, func(s step) bool {
		was := seen[s.path]
		seen[s.path] = true
		return was
	})
}

func rootOf(path string) string { return filepath.VolumeName(path) + string(filepath.Separator) }

// names are the parts of a path behind its volume. They aren't cleaned: a name followed by ".." may be a link that leads elsewhere.
func names(path string) []string {
	rest := path[len(filepath.VolumeName(path)):]
	return slices.DeleteFunc(strings.FieldsFunc(rest, isSeparator), func(name string) bool { return name == "." })
}

func isSeparator(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }
