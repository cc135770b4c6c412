package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWindowsPageNamesTests holds docs/windows.md to what is shown: each test that its tables name is there, by that name.
func TestWindowsPageNamesTests(t *testing.T) {
	dir := moduleRoot(t)
	page, err := os.ReadFile(filepath.Join(dir, "docs", "windows.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(page), -1)
	if len(names) < 30 {
		t.Errorf("docs/windows.md names %d tests: its table is gone, or this test doesn't find it", len(names))
	}
	for _, name := range names {
		if !strings.Contains(tests.String(), "\nfunc "+name+"(") {
			t.Errorf("docs/windows.md names %s, which isn't there: give it the name that the test has now", name)
		}
	}
}
