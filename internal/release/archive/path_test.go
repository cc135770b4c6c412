package archive

import (
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	everywhere := []string{"", "/etc/passwd", "../a", "a/../b", "a//b", "a/", "./a", ".", "..", `a\b`, "C:/a", "a:b", "a\x00b", "a\nb", "a\u202eb",
		"daruma-package.json", "DARUMA-package.json", strings.Repeat("a", 256), strings.Repeat("a/", 600) + "a", "a\xff"}
	onWindows := []string{"con", "conf/NUL.txt", "aux.c", "lib/com1", "LPT9.log", "COM¹", "nul .txt", "a.", "a /b", "a?", "a*", "<a>", "a|b", `a"b`, "CONOUT$"}
	fine := []string{"a", "bin/server.exe", "lib/.hidden", "conf/ä ö", "com", "com10", "console", "nulls/a", "a..b", "...a"}
	for _, system := range []string{"linux", "windows"} {
		for _, path := range everywhere {
			if CheckPath(path, system) == nil {
				t.Errorf("%q is taken for %s", path, system)
			}
		}
		for _, path := range fine {
			if err := CheckPath(path, system); err != nil {
				t.Errorf("%s: %v", system, err)
			}
		}
	}
	for _, path := range onWindows {
		if CheckPath(path, "windows") == nil {
			t.Errorf("%q is taken for Windows", path)
		}
		if err := CheckPath(path, "linux"); err != nil {
			t.Errorf("linux: %v", err)
		}
	}
}

// TestClashes: files that would be in each other's place.
func TestClashes(t *testing.T) {
	for _, c := range []struct {
		system string
		paths  []string
		clash  bool
	}{
		{"linux", []string{"a", "a/b"}, true},
		{"linux", []string{"a", "a.b", "a/b"}, true},
		{"linux", []string{"A", "a"}, false},
		{"windows", []string{"A", "a"}, true},
		{"windows", []string{"Bin/x", "bin/y"}, true},
		{"windows", []string{"A/b", "a"}, true},
		{"windows", []string{"bin/x", "bin/y", "binx"}, false},
		{"windows", []string{"straße", "strasse"}, false},
	} {
		files := map[string]string{"daruma.yaml": ""}
		for _, p := range c.paths {
			files[p] = ""
		}
		m := manifestOf(files)
		m.OS = c.system
		if err := m.Check(); (err != nil) != c.clash {
			t.Errorf("%s %q: %v", c.system, c.paths, err)
		}
	}
}
