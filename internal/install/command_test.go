package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDefinitionOfACommand: whatever stands in a command arrives in the program.
func TestDefinitionOfACommand(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{exe, "", " ", "$HOME", "${X}", "$$", `a"b`, `C:\x\`, "é漢", "tab\there", "line\nend", "- x: {y}", "#", "<&>"}
	c := Command{Name: "tea-1", Args: args}
	displayName, startType, account, empty := `T "x" $y`, "manual", `CORP\joe`, ""
	text, err := c.definition(Overrides{DisplayName: &displayName, StartType: &startType, Account: &account, Description: &empty,
		DependsOn: &[]string{"MSSQL$X", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	def := parsed(t, string(text))
	if got := def.Programs[0].Command; strings.Join(got, "|") != strings.Join(args, "|") {
		t.Errorf("command %q, want %q", got, args)
	}
	if def.Name != "tea-1" || def.DisplayName != `T "x" $y` || def.StartType != "manual" || def.Account != `CORP\joe` ||
		strings.Join(def.DependsOn, "|") != "MSSQL$X|b" || def.Programs[0].WorkingDir != filepath.Dir(exe) {
		t.Errorf("definition %+v of\n%s", def, text)
	}
	if _, err := (&Command{Name: "x", Args: []string{"no-such-program-anywhere"}}).definition(Overrides{}); err == nil {
		t.Error("a program that isn't there is taken")
	}
}
