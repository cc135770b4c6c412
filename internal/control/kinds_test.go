package control_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/daruma-sh/daruma/internal/systemlog"
)

// TestEveryKindHasANumber holds the kinds of events to the table of their numbers, one to one.
func TestEveryKindHasANumber(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "api.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "EventKind" {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds[text] = true
		}
		return true
	})
	if len(kinds) < 20 {
		t.Fatalf("only %d kinds found: the test looks at the wrong thing", len(kinds))
	}
	for _, e := range systemlog.Table() {
		switch e.Kind {
		case systemlog.EventsLost, "unknown":
			continue // of the system's log alone
		}
		if !kinds[e.Kind] {
			t.Errorf("event %d is of the kind %q, which api.go doesn't have", e.ID, e.Kind)
		}
		delete(kinds, e.Kind)
	}
	for kind := range kinds {
		t.Errorf("the kind %q has no number: add it to internal/systemlog's table, run go generate ./cmd/daruma", kind)
	}
}
