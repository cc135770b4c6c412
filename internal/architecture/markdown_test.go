package architecture

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// page is a Markdown page, cut into what stands under each of its headings.
type page struct {
	path     string // from the module's root, with slashes
	sections []section
}

// section is a heading and what follows it up to the next one. The first of a page may be without a heading.
type section struct {
	level   int // number of #, 0 without a heading
	heading string
	prose   []string   // lines outside of code blocks, without the heading
	blocks  [][]string // code blocks, each with its fences, or indented by four blanks
}

var heading = regexp.MustCompile(`^(#+) (.*)$`)

func parsePage(path, text string) page {
	p := page{path: path, sections: []section{{}}}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		s := &p.sections[len(p.sections)-1]
		if n := blockAt(lines, i); n > 0 {
			s.blocks = append(s.blocks, lines[i:i+n])
			i += n - 1
		} else if m := heading.FindStringSubmatch(lines[i]); m != nil {
			p.sections = append(p.sections, section{level: len(m[1]), heading: m[2]})
		} else {
			s.prose = append(s.prose, lines[i])
		}
	}
	if len(p.sections) > 1 && strings.TrimSpace(strings.Join(p.sections[0].prose, "")) == "" {
		p.sections = p.sections[1:]
	}
	return p
}

// blockAt is the number of lines of the code block that begins at line i, 0 where none does.
func blockAt(lines []string, i int) int {
	if strings.HasPrefix(strings.TrimLeft(lines[i], " "), "```") {
		for n := i + 1; n < len(lines); n++ {
			if strings.HasPrefix(strings.TrimLeft(lines[n], " "), "```") {
				return n - i + 1
			}
		}
		return len(lines) - i
	}
	if !strings.HasPrefix(lines[i], "    ") || i > 0 && lines[i-1] != "" {
		return 0
	}
	end := i
	for n := i; n < len(lines) && (lines[n] == "" || strings.HasPrefix(lines[n], "    ")); n++ {
		if lines[n] != "" {
			end = n
		}
	}
	return end - i + 1
}

// text is the section's heading and prose.
func (s section) text() string { return s.heading + "\n" + strings.Join(s.prose, "\n") }

var (
	inlineCode = regexp.MustCompile("`([^`]+)`")
	testName   = regexp.MustCompile(`\bTest[A-Z]\w+`)
	figure     = regexp.MustCompile(`[\w.,]+`)
	digits     = regexp.MustCompile(`^\d[\d.,]*`)
)

// names are what has to stand in a section in every language, each once: what is in code style, and names of tests.
func (s section) names() map[string]bool {
	set := map[string]bool{}
	for _, m := range inlineCode.FindAllStringSubmatch(s.text(), -1) {
		set["`"+strings.Join(strings.Fields(m[1]), " ")+"`"] = true
	}
	for _, name := range testName.FindAllString(inlineCode.ReplaceAllString(s.text(), ""), -1) {
		set[name] = true
	}
	return set
}

// plain is a section's text without what is in code style and without the targets of links.
func (s section) plain() string {
	return inlineCode.ReplaceAllString(link.ReplaceAllString(s.text(), "]"), "")
}

// figures are the numbers of a section that are written in digits.
func (s section) figures() map[string]bool {
	set := map[string]bool{}
	for _, word := range figure.FindAllString(s.plain(), -1) {
		if n := strings.TrimRight(digits.FindString(word), ".,"); n != "" {
			set[n] = true
		}
	}
	return set
}

var item = regexp.MustCompile(`^ *(- |\d+\. )`)

// parts is the number of paragraphs and items of lists in the section.
func (s section) parts() (n int) {
	blank := true
	for _, line := range s.prose {
		if !strings.HasPrefix(line, "|") && (item.MatchString(line) || blank && line != "") {
			n++
		}
		blank = line == ""
	}
	return n
}

// rows is the number of lines of tables in the section.
func (s section) rows() (n int) {
	for _, line := range s.prose {
		if strings.HasPrefix(line, "|") {
			n++
		}
	}
	return n
}

// anchors are what the page's headings can be linked to by, as GitHub makes them: lower case, hyphens for blanks, no punctuation.
func (p page) anchors() (list []string) {
	seen := map[string]int{}
	for _, s := range p.sections {
		var b strings.Builder
		for _, r := range strings.ToLower(strings.TrimSpace(link.ReplaceAllString(s.heading, "]"))) {
			if r == ' ' {
				b.WriteByte('-')
			} else if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
				b.WriteRune(r)
			}
		}
		anchor := b.String()
		if n := seen[anchor]; n > 0 {
			anchor += "-" + strconv.Itoa(n)
		}
		seen[b.String()]++
		list = append(list, anchor)
	}
	return list
}
