package definition

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"
)

// filePath gives s, the text of n, which names a file, and fails where it is no path that anybody means.
func (d *decoder) filePath(n *node, s string) string {
	if i := strings.IndexFunc(s, misread); i >= 0 {
		c, _ := utf8.DecodeRuneInString(s[i:])
		d.fail(n.pos, "contains %s, which no path has: %s", controlName(c), inSingleQuotes)
	}
	d.noPercent(n, s)
	return s
}

// misread says whether a character is one that YAML makes of a backslash and a letter (YAML 1.2, 5.7), and that no file of Windows has in
// its name or nobody means: "C:\Program Files" in double quotes has a paragraph separator.
func misread(c rune) bool { return c < ' ' || c == '\u0085' || c == '\u2028' || c == '\u2029' }

const inSingleQuotes = `in double quotes YAML reads \t, \n and the like as one character; write the path in single quotes, or with /`

// drivePath fails where s, an argument or a variable, is a path of Windows whose backslash YAML has taken for the beginning of one
// character: "C:\temp" in double quotes. Elsewhere line breaks and tabs are what somebody meant.
func (d *decoder) drivePath(n *node, s string) {
	if len(s) < 3 || s[1] != ':' || !isLetter(s[0]) {
		return
	}
	if c, _ := utf8.DecodeRuneInString(s[2:]); misread(c) {
		d.fail(n.pos, "contains %s behind the drive: %s", controlName(c), inSingleQuotes)
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func controlName(c rune) string {
	names := map[rune]string{'\a': `\a`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\v': `\v`, '\f': `\f`, '\r': `\r`, 0x1b: `\e`,
		'\u0085': `\N`, '\u2028': `\L`, '\u2029': `\P`}
	if name, ok := names[c]; ok {
		return "the character " + name
	}
	return fmt.Sprintf("the control character 0x%02X", c)
}

// noPercent fails on Windows where a path names a variable as cmd.exe does.
func (d *decoder) noPercent(n *node, s string) {
	if runtime.GOOS != "windows" {
		return // where a name may have percent signs
	}
	if name := percentVariable(s); name != "" {
		d.fail(n.pos, "%%%s%% isn't replaced here, only cmd.exe does that: write ${%s}", clip(name), clip(name))
	}
}

// percentVariable is the first name between two percent signs, or "".
func percentVariable(s string) string {
	for {
		_, rest, found := strings.Cut(s, "%")
		if !found {
			return ""
		}
		name, _, closed := strings.Cut(rest, "%")
		if closed && isVariable(name) {
			return name
		}
		s = rest
	}
}
