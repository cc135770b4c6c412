package service_test

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The golden lists testdata/api_*.txt are what the original exports, in the form that exported gives. They were made of
// github.com/kardianos/service v1.3.0 by this test, run beside a copy of the original, which isn't a dependency:
//
//	go mod download github.com/kardianos/service@v1.3.0     (in a scratch module)
//	DARUMA_KARDIANOS=<its folder> go test -run TestAPI ./service/kardianos
const originalEnv = "DARUMA_KARDIANOS"

// more are names that we have and the original hasn't on Linux: there they exist on Windows alone.
var more = []string{"OnFailure", "OnFailureDelayDuration", "OnFailureNoAction", "OnFailureReboot", "OnFailureResetPeriod",
	"OnFailureRestart", "ServiceStartAutomatic", "ServiceStartDisabled", "ServiceStartManual", "StartType"}

func TestAPIIsTheOriginals(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		t.Run(goos, func(t *testing.T) {
			needGo(t)
			golden := filepath.Join("testdata", "api_"+goos+".txt")
			if dir := os.Getenv(originalEnv); dir != "" {
				if err := os.WriteFile(golden, []byte(strings.Join(exported(t, dir, goos), "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(strings.TrimSpace(string(text)), "\n")
			got := exported(t, ".", goos)
			if len(want) < 60 {
				t.Fatalf("%s has %d lines: that isn't the original's API", golden, len(want))
			}
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("missing: %s", line)
				}
			}
			for _, line := range got {
				added := slices.ContainsFunc(more, func(name string) bool { return strings.HasPrefix(line, "const "+name+" ") })
				if !slices.Contains(want, line) && !added {
					t.Errorf("the original has no: %s", line)
				}
			}
		})
	}
}

// needGo skips where a test binary runs without what built it, as in the lab's machines: there the same was checked outside.
func needGo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command; without it, it runs on the machine that built this")
	}
}

// exported lists what the package in dir exports on goos, a line each: names with their types, fields and methods, those
// of exported variables' types included. The compiler's own export data is read, so nothing is guessed from the source.
func exported(t *testing.T, dir, goos string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".")
	list.Dir = dir
	list.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0", "GOWORK=off")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -export for %s: %v\n%s", goos, err, stderr.String())
	}
	files, path := map[string]string{}, ""
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[name], path = file, name // the package itself comes last
	}
	read := func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
	pkg, err := importer.ForCompiler(token.NewFileSet(), "gc", read).Import(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range pkg.Scope().Names() {
		if object := pkg.Scope().Lookup(name); object.Exported() {
			lines = append(lines, describe(object)...)
		}
	}
	return lines
}

// describe gives the lines of one exported name.
func describe(object types.Object) []string {
	text := func(t types.Type) string {
		s := types.TypeString(t, func(p *types.Package) string {
			if p == object.Pkg() {
				return "" // the import path is what differs
			}
			return p.Path()
		})
		return strings.ReplaceAll(s, "interface{}", "any")
	}
	name := object.Name()
	switch o := object.(type) {
	case *types.Const:
		return []string{fmt.Sprintf("const %s %s = %s", name, text(o.Type()), o.Val())}
	case *types.Func:
		return []string{"func " + name + signature(o.Signature(), text)}
	case *types.Var:
		return append([]string{fmt.Sprintf("var %s %s", name, text(o.Type()))}, methods(name, o.Type(), text)...)
	}
	var lines []string
	switch under := object.Type().Underlying().(type) {
	case *types.Struct:
		lines = append(lines, "type "+name+" struct")
		for i := range under.NumFields() {
			if f := under.Field(i); f.Exported() {
				// The place counts in a literal without names.
				lines = append(lines, fmt.Sprintf("field %s.%s %s, at %d", name, f.Name(), text(f.Type()), i))
			}
		}
	case *types.Interface:
		lines = append(lines, fmt.Sprintf("type %s interface of %d methods", name, under.NumMethods()))
	default:
		lines = append(lines, fmt.Sprintf("type %s %s", name, text(under)))
	}
	return append(lines, methods(name, object.Type(), text)...)
}

// methods lists the methods that a value of t has, promoted ones included.
func methods(name string, t types.Type, text func(types.Type) string) []string {
	var lines []string
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		if m := set.At(i).Obj(); m.Exported() {
			lines = append(lines, "method "+name+"."+m.Name()+signature(m.Type().(*types.Signature), text))
		}
	}
	return lines
}

// signature is without the names of parameters and results, which bind nobody.
func signature(s *types.Signature, text func(types.Type) string) string {
	part := func(list *types.Tuple, variadic bool) string {
		var parts []string
		for i := range list.Len() {
			p := text(list.At(i).Type())
			if variadic && i == list.Len()-1 {
				p = "..." + strings.TrimPrefix(p, "[]")
			}
			parts = append(parts, p)
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	return part(s.Params(), s.Variadic()) + " " + part(s.Results(), false)
}
