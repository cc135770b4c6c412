package launchplan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
)

func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if why := launch.MissingDrive(dir); why != "" {
			return fmt.Errorf("workingDir %s: %s", dir, why)
		}
		return fmt.Errorf("workingDir %s doesn't exist", dir)
	case err != nil:
		return fmt.Errorf("workingDir: %w", err)
	case !info.IsDir():
		return fmt.Errorf("workingDir %s is not a folder", dir)
	}
	return nil
}

// candidates are the files that the first word of a command may mean, in the order in which they are looked for: with a separator the one
// from the definition's folder, else one in each folder of PATH.
func candidates(name, dir, path string) (files []string) {
	if named(name) {
		return []string{definition.Absolute(dir, name)}
	}
	for _, d := range filepath.SplitList(path) {
		if d != "" && filepath.IsAbs(d) { // the current folder is nobody's to choose programs from
			files = append(files, filepath.Join(d, name))
		}
	}
	return files
}

// named says that a word names a file, and isn't looked for in PATH.
func named(word string) bool {
	return strings.ContainsRune(word, filepath.Separator) || strings.ContainsRune(word, '/')
}

// findExecutable resolves the first word of a command: with a separator from the definition's folder, else in PATH.
// On Windows the extension may be left out.
func findExecutable(name, dir, path string) (string, error) {
	if named(name) {
		full := definition.Absolute(dir, name)
		file, err := executable(full)
		if why := launch.MissingDrive(full); why != "" && err != nil {
			return "", fmt.Errorf("command %s: %s", name, why)
		}
		if err != nil {
			return "", fmt.Errorf("command %s: %w (looked for %s)%s", name, err, full, shellHint(name, dir, path))
		}
		return file, nil
	}
	var inTheWay error
	for _, full := range candidates(name, dir, path) {
		file, err := executable(full)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, errNoFile) && inTheWay == nil {
			inTheWay = fmt.Errorf("command %s: %s: %w", name, full, err)
		}
	}
	if inTheWay != nil {
		return "", inTheWay
	}
	hint := shellHint(name, dir, path)
	if _, err := executable(filepath.Join(dir, name)); err == nil {
		hint = fmt.Sprintf("; for the one in the definition's folder write ./%s", name)
	}
	if hint == "" { // PATH itself would fill the table: `daruma status` shows one line for a program
		hint = "; write its whole path, or set PATH in env"
	}
	return "", fmt.Errorf("command %s: not found in PATH (%s)%s", name, foldersOf(path), hint)
}

// shellHint says what to write where the name of an executable that isn't there is something that a shell would understand; "" where it isn't.
func shellHint(name, dir, path string) string {
	if strings.HasPrefix(name, "~") {
		return "; ~ is for shells: write ${HOME}, or the whole path"
	}
	first, _, more := strings.Cut(name, " ")
	if variable, _, assigned := strings.Cut(first, "="); assigned && !named(variable) {
		return "; a variable belongs into env"
	}
	if !more || first == "" {
		return ""
	}
	if _, err := findExecutable(first, dir, path); err != nil {
		return ""
	}
	return fmt.Sprintf("; an argument is an element of its own: write [%s, …]", first)
}

// foldersOf says how many folders PATH has, so that one that is empty or shorter than a terminal's is seen.
func foldersOf(path string) string {
	switch n := len(candidates("x", "", path)); n {
	case 0:
		return "it names no folder"
	case 1:
		return "one folder: " + path
	default:
		return fmt.Sprintf("%d folders", n)
	}
}

var errNoFile = errors.New("there is no such file")

// executable gives the file that a name stands for, the name itself or one with an extension that this system knows.
func executable(name string) (string, error) {
	err := errNoFile
	for _, path := range spellings(name) {
		if e := startable(path); e == nil {
			return path, nil
		} else if !errors.Is(e, errNoFile) && errors.Is(err, errNoFile) {
			err = e
		}
	}
	return "", err
}

func startable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errNoFile
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder")
	}
	return mayExecute(info)
}
