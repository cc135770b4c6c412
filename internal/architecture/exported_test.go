package architecture

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exported is how many names each package of the library exports: constants, variables, functions and types, without methods and fields.
// A name that is in a release stays for ever.
var exported = map[string]int{
	"service":             54,
	"service/closer":      16,
	"service/log":         13,
	"service/manager":     56,
	"service/notify":      16,
	"service/servicetest": 2,
	"service/winevent":    18,
}

// namesOf are the exported names of a file.
func namesOf(file *ast.File) (names []string) {
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				add(decl.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						add(id)
					}
				}
			}
		}
	}
	return names
}

func parsed(t *testing.T, path string, text any) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestExportedNames: the library's interface grows by decision, not by the way.
func TestExportedNames(t *testing.T) {
	sample := `package a; const A, b = 1, 2; var C int; type D struct{ E int }; func F() {}; func (D) G() {}; func h() {}`
	if got := namesOf(parsed(t, "a.go", sample)); !slices.Equal(got, []string{"A", "C", "D", "F"}) {
		t.Errorf("sample: %q", got)
	}
	for _, pkg := range slices.Sorted(maps.Keys(exported)) {
		if names := exportsOf(t, pkg); len(names) != exported[pkg] {
			t.Errorf("%s exports %d names, the table in exported_test.go says %d; if one more is needed, count it there:\n%s",
				pkg, len(names), exported[pkg], strings.Join(names, " "))
		}
	}
}

// exportsOf are the names that a package exports on Linux or Windows, sorted.
func exportsOf(t *testing.T, pkg string) []string {
	t.Helper()
	dir := filepath.Join(moduleRoot(t), pkg)
	names := map[string]bool{}
	for _, goos := range []string{"linux", "windows"} {
		context := build.Default
		context.GOOS = goos
		p, err := context.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range p.GoFiles {
			for _, name := range namesOf(parsed(t, filepath.Join(dir, file), nil)) {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// aliases is the package that people copy for dependencies which import the original of the drop-in; docs/moving.md says how.
const aliases = "service/kardianos/testdata/aliases"

// TestAliasesAreWhole: it has all names of the drop-in.
func TestAliasesAreWhole(t *testing.T) {
	if got, want := exportsOf(t, aliases), exportsOf(t, "service/kardianos"); !slices.Equal(got, want) {
		t.Errorf("%s has %q, the drop-in %q", aliases, got, want)
	}
}
