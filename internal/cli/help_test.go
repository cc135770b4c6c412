package cli

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

func helpOf(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := checkCommand(append([]string{"help"}, args...)...)
	if code != ExitDone || errs != "" {
		t.Fatalf("help %v: %d %s", args, code, errs)
	}
	return out
}

// TestVerbsAreGrouped: each verb stands under exactly one heading, and none under cobra's own "Additional Commands".
func TestVerbsAreGrouped(t *testing.T) {
	root := newRoot(IO{})
	where := map[string]string{}
	for _, g := range groups(IO{}) {
		for _, verb := range g.verbs {
			if other := where[verb.Name()]; other != "" {
				t.Errorf("%s is in two groups: %s and %s", verb.Name(), other, g.id)
			}
			where[verb.Name()] = g.id
		}
	}
	for _, c := range root.Commands() {
		if c.IsAdditionalHelpTopicCommand() {
			continue
		}
		if where[c.Name()] == "" || c.GroupID != where[c.Name()] {
			t.Errorf("%s is in the group %q, want %q", c.Name(), c.GroupID, where[c.Name()])
		}
	}
	out := helpOf(t)
	last := -1
	for _, g := range groups(IO{}) {
		at := strings.Index(out, "\n"+g.title+"\n")
		if at <= last {
			t.Errorf("%q isn't a heading after the one before it:\n%s", g.title, out)
		}
		last = at
		for _, verb := range g.verbs {
			if !regexp.MustCompile(`(?m)^  `+verb.Name()+` +`+regexp.QuoteMeta(verb.Short)+`$`).MatchString(out) || verb.Example == "" {
				t.Errorf("%s isn't in the list with its text, or has no example", verb.Name())
			}
		}
	}
}

// TestEveryVerbHasExamples: of the command line that they are examples of.
func TestEveryVerbHasExamples(t *testing.T) {
	for _, g := range groups(IO{}) {
		for _, verb := range g.verbs {
			for _, c := range append(verb.Commands(), verb) {
				if !strings.Contains(c.Example, "daruma "+verb.Name()) {
					t.Errorf("%s has no example of its own: %q", c.CommandPath(), c.Example)
				}
			}
		}
	}
}

func TestTopics(t *testing.T) {
	out := helpOf(t)
	for _, topic := range topics() {
		if !strings.Contains(out, topic.Short) {
			t.Errorf("daruma --help doesn't name the topic %s", topic.Name())
		}
		text := helpOf(t, topic.Name())
		if strings.TrimSpace(text) != strings.TrimSpace(topic.Long) {
			t.Errorf("daruma help %s: %s", topic.Name(), text)
		}
		for _, line := range strings.Split(text, "\n") {
			if len(line) > 150 {
				t.Errorf("daruma help %s: a line of %d characters: %s", topic.Name(), len(line), line)
			}
		}
	}
}

// TestDefinitionTopic: the example is right, and has every field of a service and of a program.
func TestDefinitionTopic(t *testing.T) {
	file := filepath.Join(t.TempDir(), "daruma.yaml")
	if _, err := definition.Parse([]byte(definitionExample), file, func(string) (string, bool) { return "", false }); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			if !strings.Contains(line, "Windows") { // what the other system alone can do
				t.Error(line)
			}
		}
	}
	var schema struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(definition.Schema()), &schema); err != nil {
		t.Fatal(err)
	}
	fields := schema.Properties
	for _, of := range []string{"fallback", "control", "backup", "program", "backoff", "maxRestarts", "lifecycle", "resources", "limits", "securityContext", "capabilities", "listener", "logs"} {
		if len(schema.Defs[of].Properties) == 0 {
			t.Errorf("the schema has no %s any more", of)
		}
		for field := range schema.Defs[of].Properties {
			fields[field] = nil
		}
	}
	for field := range fields {
		if !regexp.MustCompile(`\b` + field + `:`).MatchString(definitionExample) {
			t.Errorf("daruma help definition doesn't show %s", field)
		}
	}
}

// TestExitCodesTopic holds it to the page: the same codes with the same words.
func TestExitCodesTopic(t *testing.T) {
	page, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| (.+?) \| (yes|no) \| (.*?) ?\|$`).FindAllStringSubmatch(string(page), -1)
	if len(rows) < 10 {
		t.Fatalf("docs/exit-codes.md has %d rows", len(rows))
	}
	text := exitCodesTopic()
	at := 0
	for _, row := range rows {
		want := "\n" + strings.Repeat(" ", 5-len(row[1])) + row[1] + "  " + row[2]
		if row[3] == "no" && row[1] != "0" {
			want += " (not started again)"
		}
		want += "\n"
		if row[4] != "" {
			want += "       → " + row[4] + "\n"
		}
		found := strings.Index(text[at:], want)
		if found < 0 {
			t.Errorf("daruma help exit-codes hasn't, in the page's order: %q", want)
			continue
		}
		at += found + len(want) - 1
	}
}

// internalVariables are of no use to anybody but daruma's own processes, or aren't daruma's to explain.
var internalVariables = map[string]string{
	"DARUMA_INSTALLED":        "from daruma host to its children",
	"DARUMA_LINK":             "from the keeper to the supervisor",
	"DARUMA_LAUNCH_FD":        "from the keeper to the launcher",
	"DARUMA_HANDOVER":         "from one image of a keeper to the next",
	"DARUMA_HANDOVER_CHECK":   "from a keeper to the image that tries an upgrade out",
	"DARUMA_HANDOVER_FAILED":  "from one image of a keeper to the one before",
	"DARUMA_SELF_RESTART":     "from a process that asked for its service's restart to itself",
	"DARUMA_EVENT":            "a field of the journal",
	"DARUMA_REASON":           "a field of the journal",
	"DARUMA_CONFINED":         "from the keeper to its supervisor",
	"JOURNAL_STREAM":          "systemd's, of an installed service",
	"NOTIFY_SOCKET":           "systemd's, of an installed service",
	"container":               "podman's and systemd-nspawn's",
	"KUBERNETES_SERVICE_HOST": "Kubernetes'",
	"SYSTEMD_EXEC_PID":        "systemd's",
	"XDG_RUNTIME_DIR":         "of package kardianos alone",
	"TEMP":                    "where install looks for what users may write",
	"TMP":                     "where install looks for what users may write",
	"SystemRoot":              "where install looks for what users may write",
	"SystemDrive":             "where install looks for what users may write",
}

// TestEnvironmentTopic: it has every variable that the code reads or sets, and no other.
func TestEnvironmentTopic(t *testing.T) {
	told := map[string]bool{}
	for _, v := range append(readVariables(), programVariables()...) {
		for _, name := range strings.Split(v.name, ", ") {
			told[name] = true
		}
	}
	used := variablesInCode(t)
	for name, file := range used {
		if !told[name] && internalVariables[name] == "" {
			t.Errorf("%s: daruma help environment doesn't explain %s", file, name)
		}
	}
	for name := range told {
		if used[name] == "" {
			t.Errorf("daruma help environment explains %s, which no code uses", name)
		}
	}
	for name := range internalVariables {
		if used[name] == "" || told[name] {
			t.Errorf("%s is on the list of internal variables without need", name)
		}
	}
}

// variablesInCode gives the environment variables that daruma's code names, each with a file: whatever is called DARUMA_… or
// LISTEN_…, what a call of Getenv or LookupEnv names, and what a loop over names gives to one or the program's environment sets.
func variablesInCode(t *testing.T) map[string]string {
	t.Helper()
	own := regexp.MustCompile(`^(DARUMA|LISTEN)_[A-Z_]+`)
	found := map[string]string{}
	for _, dir := range []string{"../../internal", "../../cmd", "../../service"} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() && slices.Contains([]string{"architecture", "testprog", "realtest", "testdata"}, e.Name()) {
				return cmp.Or(err, fs.SkipDir)
			}
			if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "helptopics.go" {
				return nil
			}
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
						if name := own.FindString(text); name != "" && (name == text || text == name+"=") {
							found[name] = path
						}
					}
				case *ast.RangeStmt:
					if list, ok := n.X.(*ast.CompositeLit); ok && reads(n.Body) {
						namesIn(list, path, found)
					}
				case *ast.CallExpr:
					if sel, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Getenv", "LookupEnv", "set"}, sel.Sel.Name) && len(n.Args) > 0 {
						namesIn(n.Args[0], path, found)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// reads tells whether an environment variable is read in n.
func reads(n ast.Node) (yes bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		yes = yes || ok && (sel.Sel.Name == "Getenv" || sel.Sel.Name == "LookupEnv")
		return !yes
	})
	return yes
}

func namesIn(n ast.Node, path string, found map[string]string) {
	name := regexp.MustCompile(`^[A-Za-z][A-Za-z_]+$`)
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && name.MatchString(text) {
				found[text] = path
			}
		}
		return true
	})
}
