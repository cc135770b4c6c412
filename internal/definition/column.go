package definition

import (
	"strings"

	"github.com/goccy/go-yaml/token"
)

// fixColumns corrects a slip of the YAML library: of a scalar without quotes that ends its line, it counts the white
// space at the end of the line into the column where the scalar begins.
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

// beginsAt reports whether the first line of value stands in line from this column on; folded lines are one by one.
func beginsAt(line string, column int, value string) bool {
	for i := range line {
		if column--; column == 0 {
			rest := strings.TrimRight(line[i:], " \t")
			return rest != "" && strings.HasPrefix(value, rest)
		}
	}
	return false
}
