package install

import (
	"os"
	"path/filepath"
	"runtime"
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

// TestAScriptBesideItsInterpreter: python app.py means the app.py of this folder, which isn't the service's.
func TestAScriptBesideItsInterpreter(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	interpreter := filepath.Join(data, "python3")
	if runtime.GOOS == "windows" {
		interpreter += ".exe"
	}
	for path, mode := range map[string]os.FileMode{interpreter: 0o755, filepath.Join(dir, "app.py"): 0o644, filepath.Join(data, "other.py"): 0o644} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(here, "app.py")
	for _, c := range []struct {
		args       []string
		workingDir string
		want, in   string
	}{
		{[]string{"app.py", "x"}, "", app + "|x", here},
		{[]string{"-u", "app.py"}, data, "-u|" + app, data},
		{[]string{"other.py"}, data, "other.py", data}, // the working folder's
		{[]string{"-m", "app.py"}, "", "-m|app.py", data},
		{[]string{"none.py"}, "", "none.py", data},
	} {
		command := Command{Name: "web", Args: append([]string{interpreter}, c.args...), WorkingDir: c.workingDir}
		text, err := command.definition(Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		p := parsed(t, string(text)).Programs[0]
		if got := strings.Join(p.Command[1:], "|"); got != c.want || p.WorkingDir != c.in {
			t.Errorf("%q: %s in %s, want %s in %s", c.args, got, p.WorkingDir, c.want, c.in)
		}
	}
}
