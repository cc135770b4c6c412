package architecture

import (
	"go/ast"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// selectors are the uses of an imported package's names: with "time" those of time.X.
func selectors(s *source, pkg string) []*ast.SelectorExpr {
	var found []*ast.SelectorExpr
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == pkg {
				found = append(found, sel)
			}
		}
		return true
	})
	return found
}

// sleeps refuses time.Sleep in tests: too short on a slow machine, too long on a fast one. Where nothing can be awaited,
// the line says why after "// sleep:".
func sleeps(s *source) []string {
	if !s.test() {
		return nil
	}
	var found []string
	for _, sel := range selectors(s, "time") {
		if sel.Sel.Name == "Sleep" && !strings.Contains(s.line(sel.Pos()), "// sleep: ") && !usesSynctest(s) {
			found = append(found, s.at(sel.Pos(), "time.Sleep in a test: await an event, use testing/synctest, "+
				"or say on the same line why neither can be: // sleep: reason"))
		}
	}
	return found
}

// usesSynctest: inside its bubble a sleep takes no time and is exact.
func usesSynctest(s *source) bool {
	for _, spec := range s.imports() {
		if importPath(spec) == "testing/synctest" {
			return true
		}
	}
	return false
}

func TestNoSleepsInTests(t *testing.T) {
	text := "package logs\nimport \"time\"\nfunc f() {\ntime.Sleep(1) "
	bites(t, sleeps, []sample{
		{"sleep", "internal/logs/a_test.go", text + "\n}", 1},
		{"reason", "internal/logs/a_test.go", text + "// sleep: the kernel tells nobody\n}", 0},
		{"synctest", "internal/logs/a_test.go", "package logs\nimport (\"time\"; _ \"testing/synctest\")\nfunc f() { time.Sleep(1) }", 0},
		{"not a test", "internal/logs/a.go", text + "\n}", 0},
	})
	hold(t, sleeps)
}

// namedSkips refuses a skip that says nothing: a test that didn't run must be seen.
func namedSkips(s *source) []string {
	var found []string
	ast.Inspect(s.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !s.test() {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && len(call.Args) == 0 && (sel.Sel.Name == "Skip" || sel.Sel.Name == "SkipNow") {
			found = append(found, s.at(call.Pos(), "a skip without a word: say what is missing and how to get it"))
		}
		return true
	})
	return found
}

func TestSkipsAreNamed(t *testing.T) {
	bites(t, namedSkips, []sample{
		{"silent", "internal/logs/a_test.go", "package logs\nfunc f(t T) { t.SkipNow(); t.Skip() }", 2},
		{"named", "internal/logs/a_test.go", "package logs\nfunc f(t T) { t.Skip(\"nginx isn't installed\") }", 0},
	})
	hold(t, namedSkips)
}

// platform wants what only one system has in files that are named for it, so that the name tells and no build line must.
func platform(s *source) []string {
	name := strings.TrimSuffix(strings.TrimSuffix(s.base(), ".go"), "_test")
	linux, windows := strings.HasSuffix(name, "_linux"), strings.HasSuffix(name, "_windows")
	var found []string
	for _, spec := range s.imports() {
		switch path := importPath(spec); {
		case path == "golang.org/x/sys/unix" && !linux:
			found = append(found, s.at(spec.Pos(), "%s: move what uses it to a file that ends in _linux.go", path))
		case strings.HasPrefix(path, "golang.org/x/sys/windows") && !windows:
			found = append(found, s.at(spec.Pos(), "%s: move what uses it to a file that ends in _windows.go", path))
		}
	}
	systems := regexp.MustCompile(`\b(linux|windows|darwin|freebsd|unix)\b`)
	for _, group := range s.tree.Comments {
		for _, c := range group.List {
			if strings.HasSuffix(name, "_other") && c.Text == "//go:build !linux && !windows" {
				continue // what the two have files of their own for
			}
			if strings.HasSuffix(name, "_unix") && c.Text == "//go:build unix" {
				continue // what Linux has in common with macOS and the BSDs
			}
			if !linux && !windows && strings.HasPrefix(c.Text, "//go:build") && systems.MatchString(c.Text) && c.Pos() < s.tree.Package {
				found = append(found, s.at(c.Pos(), "%s: name the file _linux.go or _windows.go instead", c.Text))
			}
		}
	}
	return found
}

func TestPlatformFiles(t *testing.T) {
	bites(t, platform, []sample{
		{"unix", "internal/keeper/a.go", `package keeper; import _ "golang.org/x/sys/unix"`, 1},
		{"unix at home", "internal/keeper/a_linux.go", `package keeper; import _ "golang.org/x/sys/unix"`, 0},
		{"unix in a test at home", "internal/keeper/a_linux_test.go", `package keeper; import _ "golang.org/x/sys/unix"`, 0},
		{"service", "service/manager/a_linux.go", `package host; import _ "golang.org/x/sys/windows/svc"`, 1},
		{"build line", "internal/keeper/a.go", "//go:build !windows\n\npackage keeper", 1},
		{"build line at home", "internal/keeper/a_32_linux.go", "//go:build linux && arm\n\npackage keeper", 0},
		{"other systems", "a_other.go", "//go:build !linux && !windows\n\npackage service", 0},
		{"systems of one kind", "a_unix.go", "//go:build unix\n\npackage service", 0},
		{"other build line", "internal/keeper/a.go", "//go:build race\n\npackage keeper", 0},
	})
	hold(t, platform)
}

// machines are paths that only one developer's machine has.
var machines = regexp.MustCompile(`(?:^|[^\w.~-])(/home/[a-z][\w.-]*/|/Users/\w+/|/root/[\w.]|[A-Za-z]:\\+Users\\+\w+|/mnt/[a-z]/)`)

// foreign gives the machine's path that text mentions, "" where there is none. own is the path of this checkout.
func foreign(text, own string) string {
	if m := machines.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	// A short path (/src, /app) would be found in innocent words.
	if strings.Count(filepath.ToSlash(own), "/") >= 2 && strings.Contains(text, own) {
		return own
	}
	return ""
}

func TestNoMachinePaths(t *testing.T) {
	slash := "/"
	for text, want := range map[string]bool{
		"see " + slash + "home/jo/src":          true,
		slash + "Users/jo/x":                    true,
		`C:` + `\Users\jo`:                      true,
		slash + "root/go/bin":                   true,
		"built in " + slash + "src/a/b/c":       true,
		"~/.local/state":                        false,
		"https://example.com" + slash + "home/": false,
		"examples/shop/home/shop/run":           false,
	} {
		if got := foreign(text, slash+"src/a/b"); (got != "") != want {
			t.Errorf("sample %q: found %q, want one: %v", text, got, want)
		}
	}
	dir := moduleRoot(t)
	for _, file := range tracked(t, dir) {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !utf8.Valid(text) {
			continue // deleted in the work tree, a link to a folder, or not text
		}
		for i, line := range strings.Split(string(text), "\n") {
			if path := foreign(line, dir); path != "" {
				t.Errorf("%s:%d: %s is a path of one machine: use a relative path, t.TempDir or an environment variable", file, i+1, path)
			}
		}
	}
}

// tracked lists the files that git knows.
func tracked(t *testing.T, dir string) []string {
	t.Helper()
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("this isn't a git checkout: git ls-files: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}
