package architecture

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Lines: what a reader can take in. A table of cases may be longer than code that must be followed.
const (
	maxFile         = 500
	maxFunction     = 80
	maxTestFunction = 120
)

func sizes(s *source) []string {
	var found []string
	if n := s.lines(); n > maxFile {
		found = append(found, s.at(s.tree.Package, "the file has %d lines, at most %d: one file, one subject; split it by subject", n, maxFile))
	}
	limit := maxFunction
	if s.test() {
		limit = maxTestFunction
	}
	for _, decl := range s.tree.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > limit {
			found = append(found, s.at(f.Pos(), "%s has %d lines, at most %d: name its steps and make them functions", f.Name.Name, n, limit))
		}
	}
	return found
}

func TestSizes(t *testing.T) {
	long := "package logs\nfunc f() {\n" + strings.Repeat("_ = 1\n", 79) + "}\n"
	bites(t, sizes, []sample{
		{"function", "internal/logs/a.go", long, 1},
		{"the same in a test", "internal/logs/a_test.go", long, 0},
		{"file", "internal/logs/a.go", "package logs\n" + strings.Repeat("const _ = 1\n", 500), 1},
		{"at the limit", "internal/logs/a.go", "package logs\n" + strings.Repeat("const _ = 1\n", 499), 0},
	})
	hold(t, sizes)
}

// known are methods whose meaning their interface has documented already.
var known = []string{"Error", "Unwrap", "Is", "As", "String", "GoString", "Format", "ServeHTTP", "Len", "Less", "Swap",
	"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalYAML", "UnmarshalYAML"}

// documented wants a comment on everything exported outside of tests and package main.
func documented(s *source) []string {
	if s.test() || s.tree.Name.Name == "main" {
		return nil
	}
	var found []string
	missing := func(pos token.Pos, kind, name string) {
		found = append(found, s.at(pos, "exported %s %s has no comment: say what it is for, with units, ranges, errors and platform differences", kind, name))
	}
	for _, decl := range s.tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !(d.Recv != nil && slices.Contains(known, d.Name.Name)) {
				missing(d.Pos(), "function", d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				undocumentedSpec(d, spec, missing)
			}
		}
	}
	return found
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec, missing func(token.Pos, string, string)) {
	switch v := spec.(type) {
	case *ast.TypeSpec:
		if v.Name.IsExported() && d.Doc == nil && v.Doc == nil && v.Comment == nil {
			missing(v.Pos(), "type", v.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range v.Names {
			if name.IsExported() && d.Doc == nil && v.Doc == nil && v.Comment == nil {
				missing(name.Pos(), d.Tok.String(), name.Name)
			}
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	e := f.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if index, ok := e.(*ast.IndexExpr); ok {
		e = index.X
	}
	id, ok := e.(*ast.Ident)
	return !ok || id.IsExported()
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	bites(t, documented, []sample{
		{"function", "internal/logs/a.go", "package logs\nfunc F() {}", 1},
		{"method", "internal/logs/a.go", "package logs\n// T is one.\ntype T int\nfunc (T) F() {}", 1},
		{"method of an unexported type", "internal/logs/a.go", "package logs\ntype t int\nfunc (*t) F() {}", 0},
		{"known method", "internal/logs/a.go", "package logs\n// T is one.\ntype T int\nfunc (T) Error() string { return \"\" }", 0},
		{"types and values", "internal/logs/a.go", "package logs\ntype T int\nconst C = 1\nvar A, B int", 4},
		{"group", "internal/logs/a.go", "package logs\n// The limits.\nconst (\n A = 1\n B = 2\n)", 0},
		{"line comment", "internal/logs/a.go", "package logs\nconst (\n A = 1 // files\n B = 2\n)", 1},
	})
	hold(t, documented)
}

func TestEveryPackageIsDocumented(t *testing.T) {
	has := map[string]bool{}
	for _, s := range sources(t) {
		if !strings.HasSuffix(s.tree.Name.Name, "_test") {
			has[s.pkg()] = has[s.pkg()] || s.tree.Doc != nil
		}
	}
	for pkg, ok := range has {
		if !ok {
			t.Errorf("%s has no package comment: say above `package` in its main file what it promises and what it leaves to others", pkg)
		}
	}
}
