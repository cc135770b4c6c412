// Package namedfiles lists the files that a definition names, by which field, and finds those that others could change: who can change what
// a service runs can do what the service may.
//
// What it leaves to package access: who owns a file, and who may write it.
package namedfiles

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/envfile"
	"github.com/daruma-sh/daruma/internal/folders"
)

// Use is what is done with a file that a definition names.
type Use uint8

// The uses.
const (
	Executes Use = iota
	Reads        // a script behind its interpreter, an envFile
	Enters       // a folder in which a program works: it may be the program's own
)

// File is one that a definition names, the definition itself among them.
type File struct {
	Program string // "": the definition
	Field   string // that names it: "programs.api.command"; "": the definition itself
	Path    string // absolute
	Use     Use
	Missing error // why nothing has that name, or nothing that can be executed; nil: it is there

	account access.Principals // as whom it is used
}

// Exposed is what [access.Exposed] says of the file. A folder in which a program works may belong to whom the program runs as.
func (f *File) Exposed() error {
	if f.Use == Enters {
		return f.exposed(access.NewLooker(), f.account)
	}
	return access.Exposed(f.Path)
}

// exposed doesn't ask whether the place is unfit, and gives only what could be changed by others.
func (f *File) exposed(l *access.Looker, trusted access.Principals) error {
	if f.Use == Enters {
		return l.Folder(f.Path, trusted)
	}
	return l.File(f.Path, trusted)
}

// Files lists what would decide what runs if it was changed: the definition, and for each program its command, the commands of its
// hooks and exec probes, the scripts behind their interpreters, its envFiles and its working folder. Commands are looked up as at a
// start, in the PATH of the program, from its env or an envFile, or in path: the PATH of the process that starts the programs, which for an installed service isn't
// that of whoever calls. A working folder in the service's own folders isn't listed.
func Files(def *definition.Service, path string) []File {
	files := []File{{Path: def.File, Use: Reads}}
	if def.File == "" {
		files = nil
	}
	l := newLister(def, path)
	for i := range def.Programs {
		files = append(files, l.program(&def.Programs[i])...)
	}
	return files
}

// lister lists the files of a definition's programs. Many programs have one executable: it is looked up once.
type lister struct {
	def         *definition.Service
	path        string   // PATH, where a program has none of its own
	own         []string // folders of the service itself
	executables map[[2]string]lookup
	fromFiles   map[*definition.Program]string // PATH of programs whose env doesn't set it
}

// lookup is what a name in a command means, and why there is nothing to execute.
type lookup struct {
	path string
	err  error
}

func newLister(def *definition.Service, path string) *lister {
	return &lister{def: def, path: path, own: ownFolders(def.Name), executables: map[[2]string]lookup{}, fromFiles: map[*definition.Program]string{}}
}

// executable looks up the first word of a command.
func (l *lister) executable(name, path string) (string, error) {
	key := [2]string{name, path}
	found, known := l.executables[key]
	if !known {
		found.path, found.err = executable(l.def.Dir, name, path)
		l.executables[key] = found
	}
	return found.path, found.err
}

func (l *lister) program(p *definition.Program) (files []File) {
	def := l.def
	account := access.AccountOf(def.Account, def.Name, p.Security.RunAsUser, p.Security.RunAsGroup)
	add := func(field, path string, use Use, missing error) {
		files = append(files, File{Program: p.Name, Field: "programs." + p.Name + "." + field, Path: path, Use: use, Missing: missing, account: account})
	}
	for _, c := range commands(p) {
		path, err := l.executable(c.words[0], l.searchPath(p, c.words[0]))
		add(c.field, path, Executes, err)
		if script := scriptOf(p.WorkingDir, c.words); script != "" {
			add(c.field, script, Reads, nil)
		}
	}
	for i, file := range p.EnvFiles {
		_, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s isn't there yet", file)
		} else {
			err = nil // the check says it
		}
		add(fmt.Sprintf("envFiles[%d]", i), file, Reads, err)
	}
	if _, err := os.Stat(p.WorkingDir); err == nil && !within(p.WorkingDir, l.own) { // else there is nothing to change
		add("workingDir", p.WorkingDir, Enters, nil)
	}
	return files
}

// command is one that a program's definition has.
type command struct {
	field string
	words []string
}

// commands are all that are run for a program, as its user.
func commands(p *definition.Program) []command {
	list := []command{{"command", p.Command}}
	add := func(field string, h *definition.Handler) {
		if h != nil && h.Exec != nil && len(h.Exec.Command) > 0 {
			list = append(list, command{field + ".exec.command", h.Exec.Command})
		}
	}
	for _, probe := range []struct {
		field string
		*definition.Probe
	}{{"startupProbe", p.StartupProbe}, {"livenessProbe", p.LivenessProbe}, {"readinessProbe", p.ReadinessProbe}} {
		if probe.Probe != nil {
			add(probe.field, &probe.Handler)
		}
	}
	add("lifecycle.postStart", p.PostStart)
	add("lifecycle.preStop", p.PreStop)
	add("lifecycle.onResume", p.OnResume)
	for i := range p.OnControl {
		add(fmt.Sprintf("lifecycle.onControl.%d", p.OnControl[i].Code), &p.OnControl[i].Handler)
	}
	return list
}

// searchPath is the PATH in which a program's command of this name is looked up, as far as the definition, its envFiles and the environment of
// its parent say; "" where the name is a path.
func (l *lister) searchPath(p *definition.Program, name string) string {
	if isPath(name) {
		return ""
	}
	if path, found := pathAmong(p.Env); found {
		return path
	}
	path, read := l.fromFiles[p]
	if !read {
		var found bool
		if path, found = pathAmong(envfile.Variables(p)); !found {
			path = l.path
		}
		l.fromFiles[p] = path
	}
	return path
}

// pathAmong gives the last PATH of a list of variables.
func pathAmong(vars []definition.EnvVar) (path string, found bool) {
	for _, v := range vars {
		if v.Name == "PATH" || runtime.GOOS == "windows" && strings.EqualFold(v.Name, "PATH") {
			path, found = v.Value, true
		}
	}
	return path, found
}

// isPath says that a command's first word names a file, and isn't looked for in PATH.
func isPath(name string) bool { return strings.ContainsAny(filepath.ToSlash(name), "/") }

// executable is what the first word of a command means: with a separator from the definition's folder, else in PATH.
func executable(dir, name, path string) (string, error) {
	candidates := []string{name}
	switch {
	case isPath(name):
		candidates[0] = definition.Absolute(dir, name)
	default:
		candidates = nil
		for _, folder := range filepath.SplitList(path) {
			if filepath.IsAbs(folder) {
				candidates = append(candidates, filepath.Join(folder, name))
			}
		}
	}
	for _, c := range candidates {
		if found, err := exec.LookPath(c); err == nil {
			return found, nil
		}
	}
	looked := name
	if len(candidates) == 1 {
		looked = candidates[0]
	}
	return looked, fmt.Errorf("%s isn't there yet, or can't be executed", looked)
}

// ownFolders are those of the service itself, which its programs may write to.
func ownFolders(name string) []string {
	f, err := folders.Installed(name)
	if err != nil {
		return nil
	}
	list := []string{f.State, f.Logs, f.Run}
	if f, err = folders.Named(name); err == nil {
		list = append(list, f.State, f.Logs, f.Run)
	}
	return list
}

func within(path string, list []string) bool {
	for _, dir := range list {
		if rest, err := filepath.Rel(dir, path); err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// scriptOf is the script that a command gives to its interpreter, absolute; "" where there is none.
func scriptOf(dir string, words []string) string {
	file, _ := Script(dir, words)
	return file
}

// Script is the script that a command, started in dir, gives to its interpreter: its path, and which of the words names it; "" where there
// is none. It is the first argument that names a file: options stand before it, and what stands behind it is the script's.
func Script(dir string, words []string) (path string, word int) {
	for i, w := range scriptArguments(words) {
		if w == "" {
			continue
		}
		file := definition.Absolute(dir, w)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file, i
		}
	}
	return "", 0
}

// scriptArguments are the words of a command that could name the interpreter's script, each at its place; the others are "".
func scriptArguments(words []string) []string {
	name := interpreterName(words[0])
	if !interprets(name) {
		return nil
	}
	list := make([]string, len(words))
	for i, word := range words[1:] {
		switch {
		case name == "env" && (strings.Contains(word, "=") || strings.HasPrefix(word, "-")):
			continue
		case name == "env":
			copy(list[i+1:], scriptArguments(words[i+1:]))
			return list
		case word == "-c" || word == "-e" || word == "-m": // the program itself, or a module
			return list
		}
		list[i+1] = word
	}
	return list
}

// MisplacedScripts says, a sentence each with its place, which interpreter is given a script that isn't in the program's folder, from where
// it will be looked for, but in the definition's.
func MisplacedScripts(def *definition.Service) (said []string) {
	for i := range def.Programs {
		p := &def.Programs[i]
		if p.WorkingDir == def.Dir {
			continue
		}
		for _, c := range commands(p) {
			if script, _ := Script(p.WorkingDir, c.words); script != "" {
				continue
			}
			if script, word := Script(def.Dir, c.words); script != "" && !filepath.IsAbs(c.words[word]) {
				path := "programs." + p.Name + "." + c.field
				msg := fmt.Sprintf("%s is given to %s in workingDir, %s, and isn't there: it is in the definition's folder; write %s",
					c.words[word], c.words[0], p.WorkingDir, script)
				said = append(said, definition.Error{File: def.File, Pos: def.At(path), Path: path, Msg: msg}.Error())
			}
		}
	}
	return said
}

// interpreterName is the name of an executable without folder, version and suffix: python for /usr/bin/python3.11.
func interpreterName(path string) string {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(filepath.FromSlash(path))), ".exe")
	return cmp.Or(strings.TrimRight(name, "0123456789.-"), name)
}

func interprets(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "busybox", "env",
		"python", "pythonw", "pypy", "perl", "ruby", "node", "nodejs", "deno", "bun", "php", "lua", "luajit", "tclsh", "wish", "java", "javaw",
		"rscript", "guile", "dotnet", "mono", "awk", "gawk",
		"daruma-observe", // whose observe.yaml says whom it tells
		"cmd", "powershell", "pwsh", "cscript", "wscript":
		return true
	}
	return false
}
