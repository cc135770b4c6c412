package launchplan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shelf makes files with these modes below one folder.
func shelf(t *testing.T, files map[string]os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	for name, mode := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if mode.IsDir() {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindExecutable(t *testing.T) {
	dir := shelf(t, map[string]os.FileMode{
		"bin/server": 0o755, "bin/readme": 0o644, "bin/folder": os.ModeDir, "here": 0o755,
		"first/tool": 0o755, "second/tool": 0o755, "first/blocked": 0o644, "second/blocked": 0o755, "first/only-blocked": 0o600, "first/dir": os.ModeDir,
	})
	path := filepath.Join(dir, "first") + ":" + filepath.Join(dir, "none") + ":" + filepath.Join(dir, "second")
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct{ name, path, want, problem string }{
		{"bin/server", path, in("bin/server"), ""},
		{"./bin/server", path, in("bin/server"), ""},
		{in("bin/server"), "", in("bin/server"), ""},
		{"bin/none", path, "", "command bin/none: there is no such file (looked for " + in("bin/none") + ")"},
		{"bin/server/x", path, "", "command bin/server/x: "},
		{"bin/readme", path, "", "command bin/readme: it is not executable (chmod +x) (looked for " + in("bin/readme") + ")"},
		{"bin/folder", path, "", "command bin/folder: it is a folder (looked for " + in("bin/folder") + ")"},
		{"tool", path, in("first/tool"), ""},
		{"blocked", path, in("second/blocked"), ""}, // as execvp does, the search goes on
		{"only-blocked", path, "", "command only-blocked: " + in("first/only-blocked") + ": it is not executable (chmod +x)"},
		{"dir", path, "", "command dir: " + in("first/dir") + ": it is a folder"},
		{"nothing", path, "", "command nothing: not found in PATH (3 folders); write its whole path, or set PATH in env"},
		{"here", path, "", "command here: not found in PATH (3 folders); for the one in the definition's folder write ./here"},
		{"here", "", "", "command here: not found in PATH (it names no folder); for the one in the definition's folder write ./here"},
		{"nothing", in("first"), "", "command nothing: not found in PATH (one folder: " + in("first") + "); write its whole path, or set PATH in env"},
		{"./here", "", in("here"), ""},
		{"~/bin/x", path, "", "command ~/bin/x: there is no such file (looked for " + in("~/bin/x") + "); ~ is for shells: write ${HOME}, or the whole path"},
		{"tool -v 3", path, "", "command tool -v 3: not found in PATH (3 folders); an argument is an element of its own: write [tool, …]"},
		{"bin/server -v", path, "", "command bin/server -v: there is no such file (looked for " + in("bin/server -v") + "); an argument is an element of its own: write [bin/server, …]"},
		{"none -v", path, "", "command none -v: not found in PATH (3 folders); write its whole path, or set PATH in env"},
		{"A=b", path, "", "command A=b: not found in PATH (3 folders); a variable belongs into env"},
	} {
		got, err := findExecutable(c.name, dir, c.path)
		if c.problem == "" {
			if err != nil || got != c.want {
				t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
			}
			continue
		}
		if err == nil || got != "" || err.Error() != c.problem && !(strings.HasSuffix(c.problem, ": ") && strings.HasPrefix(err.Error(), c.problem)) {
			t.Errorf("%s: %q, %v\n want %s", c.name, got, err, c.problem)
		}
	}
}

// An empty or relative folder in PATH means the folder of today, which is nobody's to choose programs from.
func TestFindExecutableNotInTheCurrentFolder(t *testing.T) {
	dir := shelf(t, map[string]os.FileMode{"tool": 0o755, "bin/tool": 0o755})
	t.Chdir(dir)
	for _, path := range []string{"", ":", ".", "bin", "::bin:."} {
		if got, err := findExecutable("tool", t.TempDir(), path); err == nil {
			t.Errorf("PATH=%s gives %s", path, got)
		}
	}
}

func TestFindExecutableBehindALink(t *testing.T) {
	dir := shelf(t, map[string]os.FileMode{"releases/1/server": 0o755})
	if err := os.Symlink("releases/1", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	// The link stays in the path: the next start takes what it points to by then.
	if got, err := findExecutable("current/server", dir, ""); err != nil || got != filepath.Join(dir, "current", "server") {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := findExecutable("./dangling", dir, ""); err == nil || !strings.Contains(err.Error(), "there is no such file") {
		t.Errorf("%v", err)
	}
}

func TestCheckFolder(t *testing.T) {
	dir := shelf(t, map[string]os.FileMode{"file": 0o644})
	for path, want := range map[string]string{
		dir:                           "",
		filepath.Join(dir, "none"):    "workingDir " + filepath.Join(dir, "none") + " doesn't exist",
		filepath.Join(dir, "file"):    "workingDir " + filepath.Join(dir, "file") + " is not a folder",
		filepath.Join(dir, "file/in"): "workingDir: stat " + filepath.Join(dir, "file/in") + ": not a directory",
	} {
		if err := checkFolder(path); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}
