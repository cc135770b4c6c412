// Package screen is what the command line knows of terminals: their size and colours, tables, keys and passwords, a sign of life
// while something takes its time, and how durations and sizes are printed.
//
// A terminal obeys what it is given, so nothing that others wrote gets there as it is: fields of tables are made one line each, and the
// writers of all verbs are guarded ([Guard]).
//
// What it leaves to others: what stands in the tables (cli), and how a text is cleaned (plaintext).
package screen

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Screen is what a writer can show.
type Screen struct {
	Terminal      bool
	Colours       bool
	Width, Height int // of a terminal, in characters
}

// Of looks at w. Colours are for terminals, and not where NO_COLOR (https://no-color.org) or TERM=dumb is set.
func Of(w io.Writer) Screen {
	f, ok := Unguarded(w).(*os.File)
	if !ok {
		return Screen{}
	}
	width, height, ok := terminalSize(f)
	if !ok {
		return Screen{}
	}
	term := os.Getenv("TERM")
	return Screen{Terminal: true, Colours: os.Getenv("NO_COLOR") == "" && term != "dumb", Width: width, Height: height}
}

// Colour is the number of an SGR escape sequence; 0 leaves the text as it is.
type Colour int

// The colours that there are: those that every terminal shows.
const (
	Plain  Colour = 0
	Bold   Colour = 1
	Dim    Colour = 2
	Invert Colour = 7
	Red    Colour = 31
	Green  Colour = 32
	Yellow Colour = 33
)

// Paint colours text where the screen has colours.
func (s Screen) Paint(c Colour, text string) string {
	if !s.Colours || c == Plain || text == "" {
		return text
	}
	return "\x1b[" + [...]string{Bold: "1", Dim: "2", Invert: "7", Red: "31", Green: "32", Yellow: "33"}[c] + "m" + text + "\x1b[0m"
}

// Cell is one field of a table.
type Cell struct {
	Text   string
	Colour Colour
}

// In is a coloured field.
func In(c Colour, text string) Cell { return Cell{Text: text, Colour: c} }

// Headings are the first row of a table.
func Headings(titles ...string) []Cell {
	row := make([]Cell, len(titles))
	for i, title := range titles {
		row[i] = In(Bold, title)
	}
	return row
}

// Columns lays rows out, each column as wide as its widest field, and the last one cut where a terminal ends. Fields are made one line
// each, of characters alone.
func (s Screen) Columns(rows [][]Cell) string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			c.Text = plaintext.Line(c.Text)
			row[i] = c
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		used, gap := 0, 0
		for i, c := range row {
			if c.Text == "" { // no blanks at the end of a line
				gap += widths[i] + 2
				continue
			}
			b.WriteString(strings.Repeat(" ", gap))
			used += gap
			text := s.fit(c.Text, used)
			b.WriteString(s.Paint(c.Colour, text))
			n := utf8.RuneCountInString(text)
			used += n
			gap = widths[i] - n + 2
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// fit cuts text so that it ends with the terminal's line, used characters of which are taken; a narrow terminal wraps instead.
func (s Screen) fit(text string, used int) string {
	room := s.Width - used
	if !s.Terminal || utf8.RuneCountInString(text) <= room || room < 10 {
		return text
	}
	return string([]rune(text)[:room-1]) + "…"
}

// IsTerminal tells whether f is a terminal, to read from or to write to. A console of Windows may be too old to show what [Of] promises.
func IsTerminal(f *os.File) bool { return isTerminal(f) }
