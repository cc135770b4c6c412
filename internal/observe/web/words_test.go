package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe/timeline"
)

// Every text of the pages has its Chinese, with the same places for arguments, and none is left that nothing shows.
func TestWords(t *testing.T) {
	words := chinese()
	used := map[string]bool{}
	find := func(pattern string, patterns ...string) {
		for _, glob := range patterns {
			files, err := filepath.Glob(glob)
			if err != nil || len(files) == 0 {
				t.Fatal(glob, err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
					used[m[1]] = true
				}
			}
		}
	}
	find(`\{\{t "([^"]+)"`, "templates/*.html")
	find(`\bt "([^"]+)"`, "templates/*.html")
	find(`d\.text\([\w.]+, "([^"]+)"`, "*.go")
	find(`text: +"([^"]+)"`, "*.go")
	find(`set\(live\.\w+, "([^"]+)"`, "view.go")
	find(`\{\{t "([^"]+)"`, "past/templates/*.html")
	find(`(?:add|v\.T)\("([^"]+)"`, "past/*.go")
	find(`Title: "([^"]+)"`, "past/*.go")
	for _, text := range timeline.Texts() {
		used[text] = true
	}
	for _, s := range control.States() {
		used[string(s)] = true
	}
	for _, s := range []string{"not ready", "unhealthy", "startup", "liveness", "readiness"} {
		used[s] = true
	}
	for text := range used {
		translated, ok := words[text]
		if !ok {
			t.Errorf("words.zh has no %q", text)
		}
		if verbs := regexp.MustCompile(`%[a-z]`); strings.Join(verbs.FindAllString(text, -1), "") != strings.Join(verbs.FindAllString(translated, -1), "") {
			t.Errorf("%q and %q have other arguments", text, translated)
		}
	}
	for text := range words {
		if !used[text] {
			t.Errorf("words.zh has %q, which nothing shows", text)
		}
	}
}
