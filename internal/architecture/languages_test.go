package architecture

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The headings of docs/zh/README.md that have no counterpart: the glossary, and the list of pages that are in English alone.
const (
	glossary    = "术语"
	englishOnly = "只有英文的页面"
)

// TestLanguages holds the Chinese pages to the English ones. What is in one language alone is a failure, with the place and what to do.
// The sense of a sentence it can't compare: that is for who changes a page, in both languages at once.
func TestLanguages(t *testing.T) {
	all := bothLanguages(t)
	zhREADME, ok := all["docs/zh/README.md"]
	if !ok {
		t.Fatal("docs/zh/README.md isn't there")
	}
	alone := map[string]bool{}
	for _, s := range zhREADME.sections {
		if s.heading == englishOnly {
			for _, target := range targets(s.text()) {
				alone[path.Join("docs/zh", target)] = true
			}
		}
	}
	zhREADME.sections = slices.DeleteFunc(zhREADME.sections, func(s section) bool { return s.heading == glossary || s.heading == englishOnly })
	all["docs/zh/README.md"] = zhREADME

	compared := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if english(name) != name {
			if _, ok := all[english(name)]; !ok {
				t.Errorf("%s has no English page: write %s, or remove it", name, english(name))
			}
			continue
		}
		zh, ok := all[chinese(name)]
		switch {
		case !ok && !alone[name]:
			t.Errorf("%s has no Chinese page: write %s, or list it in docs/zh/README.md under %q", name, chinese(name), englishOnly)
		case ok && alone[name]:
			t.Errorf("docs/zh/README.md lists %s under %q, and %s is there: take it off the list", name, englishOnly, chinese(name))
		case ok:
			compared++
			for _, difference := range compare(all[name], zh, all) {
				t.Error(difference)
			}
		}
	}
	if compared < 20 {
		t.Errorf("%d pages were compared: this test doesn't find them", compared)
	}
}

// bothLanguages reads README and docs in both languages.
func bothLanguages(t *testing.T) map[string]page {
	dir := moduleRoot(t)
	all := map[string]page{}
	for _, pattern := range []string{"README.md", "README.zh-CN.md", "docs/*.md", "docs/zh/*.md"} {
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			relative, err := filepath.Rel(dir, file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.ToSlash(relative)
			all[name] = parsePage(name, strings.ReplaceAll(string(text), "\r\n", "\n"))
		}
	}
	return all
}

// english is the English page of a page, chinese its Chinese one.
func english(name string) string {
	if name == "README.zh-CN.md" {
		return "README.md"
	}
	if rest, ok := strings.CutPrefix(name, "docs/zh/"); ok {
		return "docs/" + rest
	}
	return name
}

func chinese(name string) string {
	if name == "README.md" {
		return "README.zh-CN.md"
	}
	return "docs/zh/" + strings.TrimPrefix(name, "docs/")
}

// languageLine is what stands below a page's title, so that a reader finds the page in his language.
func languageLine(name string) string {
	switch {
	case name == "README.md":
		return "English · [简体中文](README.zh-CN.md)"
	case name == "README.zh-CN.md":
		return "[English](README.md) · 简体中文"
	case english(name) != name:
		return "[English](../" + path.Base(name) + ") · 简体中文"
	}
	return "English · [简体中文](zh/" + path.Base(name) + ")"
}
