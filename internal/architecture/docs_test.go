package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link finds [words](target) in Markdown.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func targets(markdown string) []string {
	var list []string
	for _, m := range link.FindAllStringSubmatch(markdown, -1) {
		if target, _, _ := strings.Cut(m[1], "#"); target != "" && !strings.Contains(target, "://") {
			list = append(list, target)
		}
	}
	return list
}

func TestLinksBetweenPages(t *testing.T) {
	if got := targets("[a](b.md#c) [d](https://e/f) [g](#h) text (i)"); len(got) != 1 || got[0] != "b.md" {
		t.Errorf("sample: targets %q, want b.md alone", got)
	}
	dir := moduleRoot(t)
	for _, page := range tracked(t, dir) {
		if filepath.Ext(page) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, page))
		if os.IsNotExist(err) {
			continue // deleted in the work tree
		} else if err != nil {
			t.Fatal(err)
		}
		for _, target := range targets(string(text)) {
			if _, err := os.Stat(filepath.Join(dir, filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which isn't there: write it, or correct the link", page, target)
			}
		}
	}
}

// TestOneTestCommand holds together what README promises and what CI runs.
func TestOneTestCommand(t *testing.T) {
	dir := moduleRoot(t)
	const command = "go test -race work"
	for _, file := range []string{"README.md", "CONTRIBUTING.md", ".ci/run"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`(?m)` + regexp.QuoteMeta(command) + `(\s|$)`).Match(text) {
			t.Errorf("%s doesn't name the test command %q: README, CONTRIBUTING and .ci/run must agree", file, command)
		}
	}
}
