package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

// checkCommand runs a command line in the current folder and gives what came of it.
func checkCommand(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = Main(args, IO{In: strings.NewReader(""), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

const (
	rightDefinition = "name: shop\nprograms:\n  api: {command: [a]}\n  worker: {command: [w]}\n"
	wrongDefinition = "name: shop\nprograms:\n  api:\n    comand: [a]\n    livenessProbe: {tcpSocket: {port: 80}, periodSeconds: -1}\n"
)

func TestCheck(t *testing.T) {
	inFolder(t, map[string]string{"daruma.yaml": rightDefinition, "other.yaml": "name: one\nprograms: {p: {command: [a]}}\n", "wrong.yaml": wrongDefinition})
	const problems = `wrong.yaml:4:5: programs.api: command is missing
wrong.yaml:4:5: programs.api.comand: unknown key: did you mean command?
wrong.yaml:5:59: programs.api.livenessProbe.periodSeconds: must be greater than 0, is -1
`
	for _, c := range []struct {
		args       []string
		code       int
		out, error string
	}{
		{[]string{"check"}, ExitDone, "daruma.yaml: service shop, 2 programs: api, worker\n", ""},
		{[]string{"check", "other.yaml"}, ExitDone, "other.yaml: service one, 1 program: p\n", ""},
		{[]string{"check", "wrong.yaml"}, ExitUsage, "", problems},
		{[]string{"check", "missing.yaml"}, ExitUsage, "", "missing.yaml: there is no such file\n"},
		{[]string{"check", "."}, ExitUsage, "", ".: is a folder: name the file in it, such as daruma.yaml\n"},
	} {
		code, out, errs := checkCommand(c.args...)
		if code != c.code || sortLines(out) != sortLines(c.out) || sortLines(errs) != sortLines(c.error) {
			t.Errorf("%v: %d\n%s%s", c.args, code, out, errs)
		}
	}
}

// sortLines: two problems of one place have no order that matters.
func sortLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		for j := i + 1; j < len(lines); j++ {
			if lines[j] < lines[i] {
				lines[i], lines[j] = lines[j], lines[i]
			}
		}
	}
	return strings.Join(lines, "\n")
}

// TestCheckReadsEnvFiles: one that the program couldn't be started with is said, without what it holds.
func TestCheckReadsEnvFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"good.env": "A=1\n", "bad.env": "A=1\nB=\"secret\n",
		"daruma.yaml": "name: shop\nprograms: {api: {command: [x], envFiles: [good.env, bad.env, none.env]}}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errOut strings.Builder
	code := Main([]string{"check", filepath.Join(dir, "daruma.yaml")}, IO{Out: &out, Err: &errOut})
	said := errOut.String()
	if code != 0 || !strings.Contains(said, "programs.api.envFiles[1]: "+filepath.Join(dir, "bad.env")+":2: the quote is never closed") ||
		!strings.Contains(said, "programs.api.envFiles[2]: ") || strings.Contains(said, "secret") || strings.Contains(said, "envFiles[0]") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

// TestCheckFindsMisplacedScripts: a script is looked for in workingDir, not beside the definition.
func TestCheckFindsMisplacedScripts(t *testing.T) {
	inFolder(t, map[string]string{"app.py": "", "data/other.py": "", "daruma.yaml": `name: shop
programs:
  wrong: {command: [python3, app.py], workingDir: data}
  right: {command: [python3, app.py]}
  other: {command: [python3, other.py], workingDir: data}
  later: {command: [python3, made-later.py], workingDir: data}
`})
	code, _, said := checkCommand("check")
	if code != 0 || strings.Count(said, "warning: ") != 1 || !strings.Contains(said, "daruma.yaml:3:11: programs.wrong.command: app.py is given to python3 in workingDir") {
		t.Errorf("exit code %d, %s", code, said)
	}
}

func TestCheckWithoutFile(t *testing.T) {
	inFolder(t, nil)
	code, out, errs := checkCommand("check")
	if code != ExitUsage || out != "" || errs != "daruma.yaml: there is no such file in this folder: name the definition as an argument, or go where it is\n" {
		t.Errorf("%d %q %q", code, out, errs)
	}
}

func TestCheckJSON(t *testing.T) {
	inFolder(t, map[string]string{"daruma.yaml": rightDefinition, "wrong.yaml": wrongDefinition})
	code, out, errs := checkCommand("check", "-o", "json")
	var right checkAnswer
	if err := json.Unmarshal([]byte(out), &right); err != nil || code != ExitDone || errs != "" {
		t.Fatalf("%d %v\n%s%s", code, err, out, errs)
	}
	if !right.Valid || right.Service != "shop" || len(right.Programs) != 2 || right.File != "daruma.yaml" || right.Errors != nil {
		t.Errorf("%+v", right)
	}
	code, out, errs = checkCommand("check", "-o", "json", "wrong.yaml")
	var wrong checkAnswer
	if err := json.Unmarshal([]byte(out), &wrong); err != nil || code != ExitUsage || strings.Count(errs, "\n") != 3 {
		t.Fatalf("%d %v\n%s%s", code, err, out, errs)
	}
	last := checkProblem{Line: 5, Column: 59, Path: "programs.api.livenessProbe.periodSeconds", Message: "must be greater than 0, is -1"}
	if wrong.Valid || len(wrong.Errors) != 3 || wrong.Errors[2] != last {
		t.Errorf("%+v", wrong)
	}
}

func TestCheckUsage(t *testing.T) {
	for _, args := range [][]string{{"check", "a", "b"}, {"check", "-o", "xml"}, {"schema", "x"}} {
		if code, _, errs := checkCommand(args...); code != ExitUsage || errs == "" {
			t.Errorf("%v: %d %q", args, code, errs)
		}
	}
	for _, verb := range []string{"check", "schema"} {
		code, out, _ := checkCommand(verb, "--help")
		if code != ExitDone || !strings.Contains(out, "Examples:\n  daruma "+verb) {
			t.Errorf("%s --help: %d\n%s", verb, code, out)
		}
	}
}

func TestListPrograms(t *testing.T) {
	names := strings.Fields(strings.Repeat("x ", 25))
	if got := listPrograms(names); !strings.HasPrefix(got, "25 programs: x, x") || !strings.HasSuffix(got, " and 5 more") {
		t.Error(got)
	}
}

func TestSchemaIsPrinted(t *testing.T) {
	code, out, errs := checkCommand("schema")
	if code != ExitDone || errs != "" || out != definition.Schema() || !json.Valid([]byte(out)) {
		t.Errorf("%d %q %.100q", code, errs, out)
	}
	if _, help, _ := checkCommand("schema", "--help"); !strings.Contains(help, "# yaml-language-server: $schema=") {
		t.Errorf("help doesn't say how to use it:\n%s", help)
	}
}
