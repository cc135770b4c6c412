package cli

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// screen is what a writer can show.
type screen struct {
	terminal      bool
	colour        bool
	width, height int // of a terminal, in characters
}

// screenOf looks at w. Colours are for terminals, and not where NO_COLOR (https://no-color.org) or TERM=dumb is set.
func screenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok {
		return screen{}
	}
	width, height, ok := terminalSize(f)
	if !ok {
		return screen{}
	}
	term := os.Getenv("TERM")
	return screen{terminal: true, colour: os.Getenv("NO_COLOR") == "" && term != "dumb", width: width, height: height}
}

// colour is the number of an SGR escape sequence; 0 leaves the text as it is.
type colour int

const (
	plain  colour = 0
	bold   colour = 1
	dim    colour = 2
	red    colour = 31
	green  colour = 32
	yellow colour = 33
)

// paint colours s where the screen has colours.
func (s screen) paint(c colour, text string) string {
	if !s.colour || c == plain || text == "" {
		return text
	}
	return "\x1b[" + [...]string{bold: "1", dim: "2", red: "31", green: "32", yellow: "33"}[c] + "m" + text + "\x1b[0m"
}

// cell is one field of a table.
type cell struct {
	text   string
	colour colour
}

// columns lays rows out, each column as wide as its widest cell, and the last one cut where a terminal ends.
func (s screen) columns(rows [][]cell) string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		used, gap := 0, 0
		for i, c := range row {
			if c.text == "" { // no blanks at the end of a line
				gap += widths[i] + 2
				continue
			}
			b.WriteString(strings.Repeat(" ", gap))
			used += gap
			text := s.fit(c.text, used)
			b.WriteString(s.paint(c.colour, text))
			n := utf8.RuneCountInString(text)
			used += n
			gap = widths[i] - n + 2
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// fit cuts text so that it ends with the terminal's line, used characters of which are taken; a narrow terminal wraps instead.
func (s screen) fit(text string, used int) string {
	room := s.width - used
	if !s.terminal || utf8.RuneCountInString(text) <= room || room < 10 {
		return text
	}
	return string([]rune(text)[:room-1]) + "…"
}
