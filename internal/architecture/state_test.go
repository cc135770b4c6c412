package architecture

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// constant are package-level variables that are none of the kinds that noState allows, each with the reason why it may be
// one: Go has no constants of its type, and nothing assigns to it after the declaration.
func constant(name string) (reason string) {
	switch name {
	case "internal/incident.clockSet":
		return "a date: Go has no constants of type time.Time"
	case "internal/monotonic.calls":
		return "functions of Windows' DLLs, found at first use and then for ever the same; looking them up each time costs more than the clock they read"
	case "internal/version.release", "internal/version.commit", "internal/version.date":
		return "set by the linker: it sets package-level variables alone"
	case "internal/probe.userAgent":
		return "worked out at the first probe, because the build information takes longer to read than a probe"
	case "internal/keeper/wire.kinds":
		return "the table of messages: a switch for each of its columns would have to be kept the same by hand"
	case "internal/keeper.calls", "internal/keeper/poll.calls", "internal/keeper/tree.calls":
		return "functions of Windows' DLLs, found at first use and then for ever the same"
	case "service/kardianos.ConsoleLogger", "service/kardianos.ControlAction":
		return "the original's API has variables of these names"
	case "service/kardianos.process":
		return "state, behind its mutex: the original's ChooseSystem chooses for the whole process"
	default:
		return ""
	}
}

// early are the packages that may have an init function, each with the reason.
func early(pkg string) (reason string) {
	switch pkg {
	case "internal/keeper":
		return "the main goroutine must be locked to the main thread before the runtime moves it"
	case "internal/confine":
		return "keeper and supervisor must be closed to other processes before they read anything"
	case "internal/launch":
		return "the child between fork and exec must not pay for the command line's packages"
	default:
		return ""
	}
}

// noState allows a package-level variable outside of tests where it can't be state: `var _ I = …`, an error value,
// an embedded file, an unexported array of string literals (the names of an enumeration), a sync.Pool (whoever takes from it
// can't tell what was there), or a name in constant.
func noState(s *source) []string {
	if s.test() || in([]string{"bench", "lab"}, s.pkg()) { // tools that run once, linked into nothing
		return nil
	}
	var found []string
	for _, decl := range s.tree.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs {
			v := spec.(*ast.ValueSpec)
			for i, name := range v.Names {
				if name.Name == "_" || embedded(d.Doc) || embedded(v.Doc) || (i < len(v.Values) && errorValue(v.Values[i])) {
					continue
				}
				if constant(s.pkg()+"."+name.Name) != "" || (i < len(v.Values) && !name.IsExported() && (names(v.Values[i]) || pool(v.Values[i]))) {
					continue
				}
				found = append(found, s.at(name.Pos(), "package-level variable %s: state belongs to one goroutine or behind one mutex, "+
					"in a value that somebody owns. If it is an immutable table, make it a function with a switch, "+
					"or list %q with a reason in internal/architecture/state_test.go", name.Name, s.pkg()+"."+name.Name))
			}
		}
	}
	return found
}

func embedded(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// names tells whether e is [...]string{"…", …}: laid out by the compiler, and an array can't grow.
func names(e ast.Expr) bool {
	list, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	array, ok := list.Type.(*ast.ArrayType)
	if !ok || array.Len == nil {
		return false
	}
	for _, element := range list.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			element = pair.Value
		}
		if lit, ok := element.(*ast.BasicLit); !ok || lit.Kind != token.STRING {
			return false
		}
	}
	return true
}

func pool(e ast.Expr) bool {
	list, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	t, ok := list.Type.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := t.X.(*ast.Ident)
	return ok && from.Name == "sync" && t.Sel.Name == "Pool"
}

func errorValue(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := f.X.(*ast.Ident)
	return ok && (from.Name == "errors" && f.Sel.Name == "New" || from.Name == "fmt" && f.Sel.Name == "Errorf")
}

// noInit refuses init functions: they run before main can say anything, in every process, keeper included.
func noInit(s *source) []string {
	var found []string
	for _, decl := range s.tree.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.test() && early(s.pkg()) == "" {
			found = append(found, s.at(f.Pos(), "init runs in every process before main: call it by a name from where it is needed, "+
				"or give %s a reason in internal/architecture/state_test.go", s.pkg()))
		}
	}
	return found
}

func TestNoPackageLevelState(t *testing.T) {
	bites(t, noState, []sample{
		{"map", "internal/logs/a.go", `package logs; var cache = map[string]int{}`, 1},
		{"mutex", "internal/logs/a.go", `package logs; import "sync"; var mu sync.Mutex`, 1},
		{"group", "internal/logs/a.go", "package logs; var (\n a, b int\n c = 1)", 3},
		{"regexp", "internal/logs/a.go", `package logs; import "regexp"; var r = regexp.MustCompile("x")`, 1},
		{"error", "internal/logs/a.go", `package logs; import "errors"; var ErrX = errors.New("x")`, 0},
		{"interface", "internal/logs/a.go", `package logs; import "io"; var _ io.Reader = (*T)(nil); type T struct{ io.Reader }`, 0},
		{"embedded", "internal/logs/a.go", "package logs\nimport _ \"embed\"\n//go:embed x.json\nvar x []byte", 0},
		{"in a function", "internal/logs/a.go", `package logs; func f() { var x int; _ = x }`, 0},
		{"in a test", "internal/logs/a_test.go", `package logs; var x int`, 0},
		{"names", "internal/logs/a.go", `package logs; var names = [...]string{A: "a", B: "b"}`, 0},
		{"exported names", "internal/logs/a.go", `package logs; var Names = [...]string{"a", "b"}`, 1},
		{"pool", "internal/logs/a.go", `package logs; import "sync"; var buffers = sync.Pool{}`, 0},
		{"slice of names", "internal/logs/a.go", `package logs; var names = []string{"a", "b"}`, 1},
		{"array of numbers", "internal/logs/a.go", `package logs; var hits [3]int`, 1},
	})
	hold(t, noState)
}

func TestNoInit(t *testing.T) {
	bites(t, noInit, []sample{
		{"init", "internal/logs/a.go", `package logs; func init() {}`, 1},
		{"method", "internal/logs/a.go", `package logs; type T int; func (T) init() {}`, 0},
		{"with a reason", "internal/launch/a.go", `package launch; func init() {}`, 0},
	})
	hold(t, noInit)
}
