package install

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
)

// Check refuses what would hand the service to somebody else, or couldn't work: files that ordinary users can change or that the
// account can't read, and rights that the account doesn't have. What may yet come right becomes a warning. The error is *UnsafeError.
func (i *Installation) Check() error {
	var problems error
	if i.Warnings, problems = refuseUnsafe(i.Definition, i.Spec.Executable); problems != nil {
		return &UnsafeError{problems}
	}
	return nil
}

func refuseUnsafe(def *definition.Service, executable string) (warnings []string, err error) {
	var problems []error
	check := func(path string, execute bool) {
		err := access.Exposed(path)
		if err == nil {
			err = access.Unreachable(path, def.Account, execute)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	check(executable, true)
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		if err := exposedHome(home); err != nil {
			problems = append(problems, err)
		}
	}
	if _, err := os.Stat(def.File); err == nil { // else it is about to be written, into our own folder
		check(def.File, false)
	}
	for i := range def.Programs {
		p := &def.Programs[i]
		path, err := programFile(def, p)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("programs.%s.command: %v", p.Name, err))
		} else {
			check(path, true)
		}
		for _, file := range p.EnvFiles {
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				warnings = append(warnings, fmt.Sprintf("programs.%s.envFiles: %s isn't there yet", p.Name, file))
				continue
			}
			check(file, false)
		}
	}
	problems = append(problems, beyondAccount(def)...)
	return warnings, errors.Join(problems...)
}

// exposedHome checks the folder of DARUMA_HOME, or the one in which it will be made: administrators' files will be in it, the
// definition among them. The system's own folders get their access from install.
func exposedHome(home string) error {
	dir, err := filepath.Abs(home)
	if err != nil {
		return err
	}
	for dir != filepath.Dir(dir) && !exists(dir) {
		dir = filepath.Dir(dir)
	}
	if err := access.Exposed(dir); err != nil {
		return fmt.Errorf("DARUMA_HOME is %s: %w", home, err)
	}
	return nil
}

// programFile is what a program's command means now.
func programFile(def *definition.Service, p *definition.Program) (string, error) {
	path := p.Command[0]
	if filepath.Base(path) != path && !filepath.IsAbs(path) {
		path = filepath.Join(def.Dir, path)
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("%s isn't there yet, or can't be executed", path)
	}
	return filepath.Abs(found)
}

// lowPort tells whether the keeper is to bind a port that takes a right.
func lowPort(def *definition.Service) bool {
	for i := range def.Programs {
		for _, l := range def.Programs[i].Listen {
			_, text, err := net.SplitHostPort(l.Address)
			if n, err2 := strconv.Atoi(text); err == nil && err2 == nil && n > 0 && n < 1024 {
				return true
			}
		}
	}
	return false
}
