package definition

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxErrors is how many errors are reported for one definition; a file of 10 MiB can hold a million mistakes.
const maxErrors = 1000

// Error is one problem of a definition.
type Error struct {
	File string   // as the caller named it; may be empty
	Pos  Position // zero where the problem is the file as a whole
	Path string   // of the field, "programs.api.livenessProbe.periodSeconds"; empty where no field is concerned
	Msg  string   // what is wrong and what would be right; never the value of an environment variable
}

// Error prints as "daruma.yaml:17:5: programs.api.livenessProbe.periodSeconds: must be greater than 0, is -1".
func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Pos.Line > 0 {
		if e.File != "" {
			b.WriteByte(':')
		}
		b.WriteString(strconv.Itoa(e.Pos.Line))
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(e.Pos.Column))
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Errors are all problems of a definition, sorted by position.
type Errors []Error

// Error prints one problem per line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// sorted puts the problems in the order of the file and drops repetitions (an alias used twice is wrong once).
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	return slices.Compact(e)
}
