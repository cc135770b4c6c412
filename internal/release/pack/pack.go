// Package pack makes the package of a release from a folder: it looks through the folder, refuses what doesn't belong in a package,
// secrets above all, checks the definition, and writes the file.
//
// Everything that is wrong is said at once. Nothing is written before all of it is right.
package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// Request says what to pack.
type Request struct {
	Dir     string   // the folder
	Version string   // see archive.CheckVersion
	OS      string   // "": this system
	Arch    string   // "": this machine's
	Allow   []string // paths, with slashes from Dir, that are packed though they look like secrets
}

// Found is a folder that was looked through and can be packed.
type Found struct {
	Manifest *archive.Manifest
	LeftOut  []string // what isn't part of a release: data/, logs/, .git/ …
	Notes    []string // what couldn't be checked here
	dir      string
}

// Problems is everything that keeps a folder from being packed.
type Problems []string

func (p Problems) Error() string { return strings.Join(p, "\n") }

// isLeftOut tells whether a name at the top of the folder belongs to a machine or to the development, not to a release.
func isLeftOut(path string) bool {
	switch path {
	case "data", "logs", "run", "releases", ".git", ".github", ".gitignore", ".gitattributes", ".hg", ".svn", ".idea", ".vscode", ".DS_Store":
		return true
	}
	return false
}

// isPackage tells whether a file is a package by its beginning, or the signature of one: `daruma pack` writes into the folder in which it is
// called, and a package of the package of the version before would be in each one.
func isPackage(root *os.Root, path string) bool {
	name := strings.TrimSuffix(path, signature.Extension)
	if !strings.HasSuffix(name, ".zip") {
		return false
	}
	if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 30+len(archive.ManifestName)) // of the first entry (APPNOTE 4.3.7)
	_, err = io.ReadFull(f, head)
	return err == nil && string(head[:4]) == "PK\x03\x04" && string(head[30:]) == archive.ManifestName
}

// Look looks the folder through. What keeps it from being packed is [Problems].
func Look(r Request) (*Found, error) {
	if r.OS == "" {
		r.OS = runtime.GOOS
	}
	if r.Arch == "" {
		r.Arch = runtime.GOARCH
	}
	if err := archive.CheckVersion(r.Version); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	w := &walk{request: r, root: root, allowed: map[string]bool{}}
	for _, path := range r.Allow {
		w.allowed[filepath.ToSlash(filepath.Clean(path))] = false
	}
	if err := fs.WalkDir(root.FS(), ".", w.visit); err != nil {
		return nil, err
	}
	return w.found()
}

// walk is what has been seen of a folder.
type walk struct {
	request  Request
	root     *os.Root
	files    []archive.File
	leftOut  []string
	notes    []string
	problems Problems
	allowed  map[string]bool // whether it was needed
}

func (w *walk) visit(path string, e fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case path == ".":
		return nil
	case isLeftOut(path) || !strings.Contains(path, "/") && isPackage(w.root, path):
		w.leftOut = append(w.leftOut, path)
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	case e.IsDir():
		return nil
	case e.Type() != 0:
		w.problem("%s is a link or no regular file, and a package has files alone: put a copy in its place", path)
		return nil
	case path == archive.ManifestName:
		w.problem("%s: the folder is a release that was unpacked, and packages are made of its source; remove that file to pack it all the same", path)
		return nil
	}
	if why := secretName(path); why != "" {
		w.secret(path, why)
	}
	if err := archive.CheckPath(path, w.request.OS); err != nil {
		w.problem("%v", err)
		return nil
	}
	return w.take(path, e)
}

func (w *walk) take(path string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	if why, err := secretContent(w.root, path); err != nil {
		return err
	} else if why != "" {
		w.secret(path, why)
	}
	size, sum, err := archive.Hash(w.root, path)
	if err != nil {
		return err
	}
	w.files = append(w.files, archive.File{Path: path, Mode: mode(path, info), Size: size, SHA256: sum})
	return nil
}

// mode: Windows doesn't know which file can be executed, so there those of bin/ and hooks/ are.
func mode(path string, info fs.FileInfo) string {
	executable := info.Mode()&0o111 != 0
	if runtime.GOOS == "windows" {
		executable = strings.HasPrefix(path, "bin/") || strings.HasPrefix(path, hooksFolder)
	}
	if executable {
		return archive.ModeExecutable
	}
	return archive.ModeFile
}

const hooksFolder = "hooks/"

func (w *walk) problem(format string, parts ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, parts...))
}

// secret notes a secret that isn't allowed.
func (w *walk) secret(path, why string) {
	if _, ok := w.allowed[path]; ok {
		w.allowed[path] = true
		return
	}
	w.problem("%s %s: keep it on the machine, in its own conf/ or as an environment file, or pack it with --allow-secret %s", path, why, path)
}

// found finishes the manifest.
func (w *walk) found() (*Found, error) {
	for path, needed := range w.allowed {
		if !needed {
			w.problem("--allow-secret %s names nothing that looks like a secret: leave it out", path)
		}
	}
	slices.SortFunc(w.files, func(a, b archive.File) int { return strings.Compare(a.Path, b.Path) })
	m := &archive.Manifest{Format: 1, Version: w.request.Version, OS: w.request.OS, Arch: w.request.Arch, Files: w.files}
	w.checkDefinition(m)
	w.checkHooks()
	if len(w.problems) == 0 {
		if err := m.Check(); err != nil {
			w.problem("%v", err)
		}
	}
	if len(w.problems) > 0 {
		slices.Sort(w.problems)
		return nil, slices.Compact(w.problems)
	}
	return &Found{Manifest: m, LeftOut: w.leftOut, Notes: w.notes, dir: w.request.Dir}, nil
}

// checkHooks: one that can't be executed would fail each deploy.
func (w *walk) checkHooks() {
	for _, f := range w.files {
		if w.request.OS != "windows" && f.Mode != archive.ModeExecutable && strings.HasPrefix(f.Path, hooksFolder) &&
			!strings.Contains(strings.TrimPrefix(f.Path, hooksFolder), "/") && !strings.Contains(f.Path, ".") {
			w.problem("%s can't be executed: chmod +x %s", f.Path, f.Path)
		}
	}
}

// checkDefinition reads the definition as the machine will, as far as that can be known here.
func (w *walk) checkDefinition(m *archive.Manifest) {
	file := filepath.Join(w.request.Dir, archive.DefinitionName)
	src, err := definition.Read(file)
	if err != nil {
		w.problem("%v: daruma pack --init %s writes a first one", err, w.request.Dir)
		return
	}
	def, err := definition.Parse(src, file, anyVariable)
	if err != nil && m.OS != runtime.GOOS {
		// Some fields are of one system alone, so that this one can't judge them.
		if m.Name = plainName(src); m.Name != "" {
			w.notes = append(w.notes, fmt.Sprintf("%s is for %s and wasn't checked on %s: %s", archive.DefinitionName, m.OS, runtime.GOOS, firstLine(err)))
			return
		}
	}
	if err != nil {
		w.problem("%v", err)
		return
	}
	m.Name = def.Name
	if def.At("folder") != (definition.Position{}) {
		w.problem("%s has the field folder, which daruma deploy writes: leave it out", archive.DefinitionName)
	}
	w.checkCommands(def, m)
}

// anyVariable gives every variable a value: those of the machine aren't known here. As a digit it fits ports and texts alike.
func anyVariable(string) (string, bool) { return "1", true }

// checkCommands: a program whose executable isn't in the package is the commonest mistake.
func (w *walk) checkCommands(def *definition.Service, m *archive.Manifest) {
	for i := range def.Programs {
		p := &def.Programs[i]
		command := filepath.ToSlash(p.Command[0])
		if !strings.Contains(command, "/") || strings.HasPrefix(command, "/") || strings.Contains(command, ":") {
			continue // found by PATH, or the machine's own
		}
		command = strings.TrimPrefix(command, "./")
		file := m.Find(command)
		if file == nil && m.OS == "windows" {
			file = m.Find(command + ".exe")
		}
		switch {
		case strings.HasPrefix(command, "../"):
			w.problem("programs.%s.command: %s leads out of the package", p.Name, command)
		case file == nil:
			w.problem("programs.%s.command: %s isn't in %s", p.Name, command, w.request.Dir)
		case file.Mode != archive.ModeExecutable && m.OS != "windows":
			w.problem("programs.%s.command: %s can't be executed: chmod +x it", p.Name, command)
		}
	}
}

func plainName(src []byte) string {
	for line := range strings.SplitSeq(string(src), "\n") {
		if name, found := strings.CutPrefix(line, "name:"); found {
			name, _, _ = strings.Cut(name, "#")
			return strings.Trim(strings.TrimSpace(name), `"'`)
		}
	}
	return ""
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// Write writes the package into the file path, whole or not at all.
func (f *Found) Write(path string) error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return safefile.ReplaceFunc(path, 0o644, func(w io.Writer) error { return archive.Write(w, root, f.Manifest) })
}

// ErrNotEmpty: [Init] has found what it would have to write over.
var ErrNotEmpty = errors.New("is there already")
