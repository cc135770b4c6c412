package launchplan

import (
	"slices"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestEnv(t *testing.T) {
	e := newEnv()
	for _, v := range []definition.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "A", Value: "3"}, {Name: "AB", Value: "4"}} {
		e.set(v.Name, v.Value)
	}
	if got := e.list(); !slices.Equal(got, []string{"A=3", "B=2", "AB=4"}) {
		t.Errorf("%q", got)
	}
	for name, want := range map[string]string{"A": "3", "AB": "4", "C": "", "": ""} {
		if got := lookup(e.list(), name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}
