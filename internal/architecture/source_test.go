package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/daruma-sh/daruma"

// source is one parsed Go file.
type source struct {
	path string // from the module's root, with slashes
	text string
	fset *token.FileSet
	tree *ast.File
}

func parse(path, text string) (*source, error) {
	s := &source{path: path, text: text, fset: token.NewFileSet()}
	var err error
	s.tree, err = parser.ParseFile(s.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}

func (s *source) test() bool   { return strings.HasSuffix(s.path, "_test.go") }
func (s *source) pkg() string  { return filepath.ToSlash(filepath.Dir(s.path)) }
func (s *source) lines() int   { return strings.Count(s.text, "\n") }
func (s *source) base() string { return filepath.Base(s.path) }

// at formats a finding: "path:line: words".
func (s *source) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.fset.Position(pos).Line, fmt.Sprintf(format, args...))
}

// line gives the text of the line that pos stands on.
func (s *source) line(pos token.Pos) string {
	return strings.Split(s.text, "\n")[s.fset.Position(pos).Line-1]
}

// imports are the paths that the file imports.
func (s *source) imports() []*ast.ImportSpec { return s.tree.Imports }

func importPath(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, `"`) }

// root is the folder of the supervisor's module, in which the other modules stand.
var root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	return strings.TrimSpace(string(out)), err
})

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := root()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	return dir
}

// sources are all Go files of the module but those in testdata and in folders that begin with a dot or underscore.
func sources(t *testing.T) []*source {
	t.Helper()
	dir := moduleRoot(t)
	var all []*source
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if path != dir && (e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(rel), string(text))
		if err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files found under %s: the rules would be tested on nothing", len(all), dir)
	}
	return all
}

// rule gives what is wrong with one file, each finding with its place and what to do.
type rule func(*source) []string

// hold fails the test with every finding of r in the module.
func hold(t *testing.T, r rule) {
	t.Helper()
	for _, s := range sources(t) {
		for _, finding := range r(s) {
			t.Error(finding)
		}
	}
}

// sample is a file made up to show that a rule bites, or that it doesn't bite too much.
type sample struct {
	name, path, text string
	want             int // findings
}

func bites(t *testing.T, r rule, samples []sample) {
	t.Helper()
	for _, c := range samples {
		s, err := parse(c.path, c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if found := r(s); len(found) != c.want {
			t.Errorf("sample %q: %d findings, want %d: %q", c.name, len(found), c.want, found)
		}
	}
}
