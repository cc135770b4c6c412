package launchplan

import "testing"

func TestVariablesHaveNoCase(t *testing.T) {
	env := newEnv()
	env.set("Path", "old")
	env.set("PATH", "new")
	if list := env.list(); len(list) != 1 || lookup(list, "path") != "new" {
		t.Errorf("%q", list)
	}
}
