package architecture

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestCompare: what TestLanguages must find, and what it must let pass.
func TestCompare(t *testing.T) {
	const (
		en = "# A\n\nEnglish · [简体中文](zh/a.md)\n\nUse `run`, at most 3 times: [b](b.md#two-words).\n\n## B\n\n```sh\ndaruma run  # as root\nls   says it\n```\n\n| a |\n| --- |\n\n    indented\n"
		zh = "# 甲\n\n[English](../a.md) · 简体中文\n\n用 `run`，最多 3 次：[乙](b.md#两个词)。\n\n## 乙\n\n```sh\ndaruma run  # 以 root 身份\nls   会说\n```\n\n| 甲 |\n| --- |\n\n    indented\n"
	)
	others := map[string]page{
		"docs/b.md":    parsePage("docs/b.md", "# B\n\n## Two words\n\n## Three\n"),
		"docs/zh/b.md": parsePage("docs/zh/b.md", "# 乙\n\n## 两个词\n\n## 三\n"),
	}
	differ := func(en, zh string) string {
		return strings.Join(compare(parsePage("docs/a.md", en), parsePage("docs/zh/a.md", zh), others), "\n")
	}
	if got := differ(en, zh); got != "" {
		t.Fatalf("the same in two languages, and differs:\n%s", got)
	}
	for _, test := range []struct{ old, new, says string }{
		{"[English](../a.md) · 简体中文\n", "", "below the title"},
		{"## 乙", "### 乙", "headings differ"},
		{"    indented\n", "    indented\n\n## 丙\n", `"丙" has no heading`},
		{"`run`", "run", "`run` is in English alone"},
		{"最多", "`最多`", "`最多` isn't in the English text"},
		{"3 次", "几次", "number 3"},
		{"b.md#两个词", "b.md#三", "link to docs/b.md, heading 2 is in English alone"},
		{"b.md#两个词", "b.md#四", "no such heading"},
		{"b.md#两个词", "../b.md#two-words", "link to docs/zh/b.md"},
		{"[乙](b.md#两个词)", "乙", "is in English alone"},
		{"daruma run  # 以", "daruma start  # 以", "must have the English line"},
		{"daruma run  # 以 root 身份", "daruma run", "must have the English line"},
		{"ls   会说", "ls 会说", "must have the English line"},
		{"ls   会说\n", "", "code block 1 has 3 lines, and 4"},
		{"    indented", "indented", "1 code blocks, and 2"},
		{"[乙](b.md#两个词)。", "[乙](b.md#两个词)。\n\n丙。", "2 paragraphs and items of lists, and 1"},
		{"| --- |", "| --- |\n| 丙 |", "tables have 3 lines, and 2"},
	} {
		if !strings.Contains(zh, test.old) {
			t.Errorf("the sample has no %q", test.old)
		}
		if got := differ(en, strings.Replace(zh, test.old, test.new, 1)); !strings.Contains(got, test.says) {
			t.Errorf("with %q in the place of %q: says %q, wants %q in it", test.new, test.old, got, test.says)
		}
	}
	if got := differ(en+"\n## C\n", zh); !strings.Contains(got, `no heading for "C"`) {
		t.Errorf("a section in English alone: says %q", got)
	}
}

// compare says what stands in one of the two pages alone, each with its place and what to do.
func compare(en, zh page, all map[string]page) (differences []string) {
	for _, p := range []*page{&en, &zh} {
		first := slices.Clone(p.sections[0].prose)
		at := slices.Index(first, languageLine(p.path))
		if at < 0 {
			differences = append(differences, fmt.Sprintf("%s: below the title there must be a line\n\t%s", p.path, languageLine(p.path)))
			continue
		}
		p.sections = slices.Clone(p.sections)
		p.sections[0].prose = slices.Delete(first, at, at+1)
	}
	for i := range max(len(en.sections), len(zh.sections)) {
		switch {
		case i >= len(zh.sections):
			return append(differences, fmt.Sprintf("%s: there is no heading for %q of %s: write that section", zh.path, en.sections[i].heading, en.path))
		case i >= len(en.sections):
			return append(differences, fmt.Sprintf("%s: %q has no heading in %s: remove it, or write it there", zh.path, zh.sections[i].heading, en.path))
		case en.sections[i].level != zh.sections[i].level:
			return append(differences, fmt.Sprintf("%s: heading %d is %q, of level %d, and in %s %q, of level %d: from here on the headings differ",
				zh.path, i+1, zh.sections[i].heading, zh.sections[i].level, en.path, en.sections[i].heading, en.sections[i].level))
		}
	}
	for i, s := range en.sections {
		for _, what := range compareSections(s, zh.sections[i]) {
			differences = append(differences, fmt.Sprintf("%s, %q (%s, %q): %s", zh.path, zh.sections[i].heading, en.path, s.heading, what))
		}
		for _, what := range compareLinks(en, zh, i, all) {
			differences = append(differences, fmt.Sprintf("%s, %q (%s, %q): %s", zh.path, zh.sections[i].heading, en.path, s.heading, what))
		}
	}
	return differences
}

func compareSections(en, zh section) (differences []string) {
	say := func(format string, a ...any) { differences = append(differences, fmt.Sprintf(format, a...)) }
	if len(en.blocks) != len(zh.blocks) {
		say("%d code blocks, and %d in English: make them the same", len(zh.blocks), len(en.blocks))
	} else {
		for i, block := range en.blocks {
			if len(block) != len(zh.blocks[i]) {
				say("code block %d has %d lines, and %d in English: copy it anew, only comments may be translated", i+1, len(zh.blocks[i]), len(block))
				continue
			}
			for n, line := range block {
				if !sameButForComment(line, zh.blocks[i][n]) {
					say("code block %d must have the English line, only its comment may be translated:\n\tis    %s\n\twants %s", i+1, zh.blocks[i][n], line)
				}
			}
		}
	}
	if got, want := zh.names(), en.names(); !maps.Equal(got, want) {
		for _, name := range missing(want, got) {
			say("%s is in English alone: translate what it belongs to", name)
		}
		for _, name := range missing(got, want) {
			say("%s isn't in the English text: take it out, or write it there", name)
		}
	}
	for _, number := range missing(en.figures(), zh.figures()) {
		if !strings.Contains(zh.plain(), number) {
			say("the number %s is in English alone: translate what it belongs to", number)
		}
	}
	if en.parts() != zh.parts() {
		say("it has %d paragraphs and items of lists, and %d in English: translate what is missing, take out what isn't there any more", zh.parts(), en.parts())
	}
	if en.rows() != zh.rows() {
		say("its tables have %d lines, and %d in English: add or remove rows", zh.rows(), en.rows())
	}
	return differences
}

// missing is what of a isn't in b, sorted.
func missing(a, b map[string]bool) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !b[name] {
			list = append(list, name)
		}
	}
	return list
}

// sameButForComment: the two lines are the same, or the second has Chinese behind "# ", "// " or two blanks, where the first has something, too.
func sameButForComment(en, zh string) bool {
	if en == zh {
		return true
	}
	at := strings.IndexFunc(zh, func(r rune) bool {
		return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
	})
	if at < 0 {
		return false
	}
	for _, mark := range []string{"# ", "// ", "  "} {
		if begin := strings.LastIndex(zh[:at], mark); begin >= 0 {
			code := strings.TrimRight(zh[:begin], " ")
			rest, ok := strings.CutPrefix(en, code)
			comment := strings.TrimLeft(rest, " ")
			apart := strings.TrimSpace(code) == "" || comment != rest // from the code, or alone in its line
			return ok && apart && comment != "" && strings.HasPrefix(comment, strings.TrimSpace(mark))
		}
	}
	return false
}

// compareLinks: section i of both pages links to the same, each to the page in its own language where there is one.
func compareLinks(en, zh page, i int, all map[string]page) (differences []string) {
	want, wrong := linked(en, i, all)
	got, wrongToo := linked(zh, i, all)
	differences = append(wrong, wrongToo...)
	for target, n := range want {
		if n > got[target] {
			differences = append(differences, fmt.Sprintf("the link to %s is in English alone: add it", target))
		}
	}
	for target, n := range got {
		if n > want[target] {
			differences = append(differences, fmt.Sprintf("the link to %s isn't in the English text: take it out, or add it there", target))
		}
	}
	slices.Sort(differences)
	return differences
}

// linked counts a section's links by what they lead to: an address, or a file by the path of its English form and the number of its heading.
func linked(p page, i int, all map[string]page) (counts map[string]int, wrong []string) {
	counts = map[string]int{}
	for _, m := range link.FindAllStringSubmatch(p.sections[i].text(), -1) {
		if strings.Contains(m[1], "://") {
			counts[m[1]]++
			continue
		}
		file, anchor, _ := strings.Cut(m[1], "#")
		name := p.path
		if file != "" {
			name = path.Join(path.Dir(p.path), file)
		}
		if _, translated := all[chinese(name)]; translated && english(name) == name && english(p.path) != p.path {
			wrong = append(wrong, fmt.Sprintf("links to %s: link to %s", name, chinese(name)))
		}
		key := english(name)
		if target, ok := all[name]; ok && anchor != "" {
			at := slices.Index(target.anchors(), anchor)
			if at < 0 {
				wrong = append(wrong, fmt.Sprintf("%s links to %s, and %s has no such heading: correct what stands behind #", p.path, m[1], name))
			}
			key += fmt.Sprintf(", heading %d", at+1)
		}
		counts[key]++
	}
	return counts, wrong
}
