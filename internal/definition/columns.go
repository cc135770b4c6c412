package definition

import (
	"strings"

	"github.com/goccy/go-yaml/token"
)

// fixColumns corrects an error of the YAML library: where a scalar without quotes ends its line, the library adds the white
// space at the end of the line to the scalar's column.
func fixColumns(text string, tokens token.Tokens) {
	line, rest, more := 0, text, true
	current := ""
	for i, tk := range tokens {
		pos := tk.Position
		if pos == nil || tk.Indicator != token.NotIndicator || i+1 < len(tokens) && tokens[i+1].Position.Line == pos.Line {
			continue
		}
		for more && line < pos.Line {
			current, rest, more = strings.Cut(rest, "\n")
			line++
		}
		trailing := len(current) - len(strings.TrimRight(current, " \t"))
		if line != pos.Line || trailing == 0 || tk.Value == "" {
			continue
		}
		if right := pos.Column - trailing; beginsAt(current, right, tk.Value) && !beginsAt(current, pos.Column, tk.Value) {
			pos.Column = right
		}
	}
}

// beginsAt reports whether the first line of value begins in line at this column.
func beginsAt(line string, column int, value string) bool {
	for i := range line {
		if column--; column == 0 {
			rest := strings.TrimRight(line[i:], " \t")
			return rest != "" && strings.HasPrefix(value, rest)
		}
	}
	return false
}
