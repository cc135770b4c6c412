package launchplan

import "github.com/daruma-sh/daruma/internal/definition"

// unsupportedField is a field of a program that this machine can't enforce.
type unsupportedField struct{ field, why string }

// Unenforceable says what a definition asks for that daruma can't enforce on this machine. A limit that is silently not
// in force is worse than none.
func Unenforceable(def *definition.Service) definition.Errors {
	var out definition.Errors
	refuse := func(path, why string) {
		out = append(out, definition.Error{File: def.File, Pos: def.At(path), Path: path, Msg: why})
	}
	for i := range def.Programs {
		p := &def.Programs[i]
		for _, r := range unsupported(p) {
			refuse("programs."+p.Name+"."+r.field, r.why)
		}
	}
	return out
}
