package namedfiles

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/definition"
)

// Trust says who may change the files of a definition beside the administrators.
type Trust uint8

const (
	// AsInstalled: for an installed service. A program's files may belong to whom the program runs as, for who changes them gains nothing;
	// the definition may not.
	AsInstalled Trust = iota
	// AsCaller: for a definition that this process is asked to run or to check. Everything may be the caller's own.
	AsCaller
)

// UnsafeError lists what others could change of a definition.
type UnsafeError struct {
	Definition *definition.Service
	Problems   []Problem
}

// Problem is one file of a definition that others could change.
type Problem struct {
	File
	Err *access.ExposedError
}

func (e *UnsafeError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are the problems, each with its place in the definition. No value of the definition is in them but paths.
func (e *UnsafeError) Lines() []string {
	list := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		if p.Field == "" {
			list[i] = p.Err.Error()
			continue
		}
		at := e.Definition.At(p.Field)
		list[i] = fmt.Sprintf("%s:%d:%d: %s: %v", e.Definition.File, at.Line, at.Column, p.Field, p.Err)
	}
	return list
}

// OfDefinition tells whether the definition itself could be changed: then nothing in it is to be believed.
func (e *UnsafeError) OfDefinition() bool { return len(e.Problems) > 0 && e.Problems[0].Program == "" }

// Programs are the names of the programs whose files could be changed.
func (e *UnsafeError) Programs() []string {
	var names []string
	for _, p := range e.Problems {
		if p.Program != "" && (len(names) == 0 || names[len(names)-1] != p.Program) {
			names = append(names, p.Program)
		}
	}
	return names
}

// Check tells what others than the administrators and the trusted could change of a definition and of the files that it names:
// an *[UnsafeError]. What isn't there, or can't be looked at, is no problem of this check: its use says why.
func Check(def *definition.Service, trust Trust) error {
	return check(def, Files(asThisProcess(def), os.Getenv("PATH")), trust)
}

// CheckProgram is [Check] for the files of one program.
func CheckProgram(def *definition.Service, p *definition.Program, trust Trust) error {
	return check(def, newLister(asThisProcess(def), os.Getenv("PATH")).program(p), trust)
}

// asThisProcess is the definition where the service's account is this process': install may have been told another than it says.
func asThisProcess(def *definition.Service) *definition.Service {
	d := *def
	d.Account = ""
	return &d
}

func check(def *definition.Service, files []File, trust Trust) error {
	l := access.NewLooker()
	caller := access.Callers(def.Name)
	found := &UnsafeError{Definition: def}
	for i := range files {
		f := &files[i]
		if f.Missing != nil {
			continue
		}
		trusted := f.account // of the definition: nobody
		if trust == AsCaller {
			trusted = trusted.And(caller)
		}
		var exposed *access.ExposedError
		if err := f.exposed(l, trusted); errors.As(err, &exposed) {
			found.Problems = append(found.Problems, Problem{*f, exposed})
		}
	}
	if len(found.Problems) == 0 {
		return nil
	}
	return found
}
