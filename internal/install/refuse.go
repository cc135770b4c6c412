package install

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/namedfiles"
)

// Check refuses what would hand the service to somebody else, or couldn't work: files that ordinary users can change or that the
// account can't read, and rights that the account doesn't have. What may yet come right becomes a warning. The error is *UnsafeError.
func (i *Installation) Check() error {
	var problems error
	if i.Warnings, problems = refuseUnsafe(i.Definition, i.Spec.Executable, servicePath(i.Spec.Env)); problems != nil {
		return &UnsafeError{problems}
	}
	return nil
}

func refuseUnsafe(def *definition.Service, executable, path string) (warnings []string, err error) {
	var problems []error
	check := func(f *namedfiles.File) {
		err := f.Exposed()
		if err == nil && f.Use != namedfiles.Enters {
			err = unreachable(def, f)
		}
		if err != nil && f.Field != "" {
			err = fmt.Errorf("%s: %w", f.Field, err)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	check(&namedfiles.File{Path: executable, Use: namedfiles.Executes})
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		if err := exposedHome(home); err != nil {
			problems = append(problems, err)
		}
	}
	files := append(namedfiles.Files(def, path), observerFiles(def)...)
	for i := range files {
		f := &files[i]
		switch {
		case f.Missing != nil:
			warnings = append(warnings, fmt.Sprintf("%s: %v", f.Field, f.Missing))
		case f.Field == "" && !exists(f.Path): // it is about to be written, into our own folder
		default:
			check(f)
		}
	}
	for _, wrong := range beyondAccount(def) {
		problems = append(problems, wrong)
	}
	return warnings, errors.Join(problems...)
}

// unreachable says why the account can't read or run a file. Where a definition or an envFile is closed to it by its own mode alone, that
// is no fault: it may hold secrets, and the service will be let in (addReadAccess), as the dry run shows.
func unreachable(def *definition.Service, f *namedfiles.File) error {
	var closed *access.UnreachableError
	group := access.FilesGroup(def.Name, def.Account, []string{f.Path})
	err := access.Unreachable(f.Path, def.Account, f.Use == namedfiles.Executes, group)
	if errors.As(err, &closed) && closed.File && f.Use == namedfiles.Reads && f.Field != "" && !slices.Contains(readFiles(def), f.Path) {
		closed.Remedy = "it is a script: chmod o+r " + f.Path + ", or move it" // which no secret belongs into
	} else if errors.As(err, &closed) && closed.File && slices.Contains(readFiles(def), f.Path) {
		_, err = access.GrantRead(def.Name, def.Account, f.Path, true)
	}
	return err
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
