package unitfile

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// Four rules of systemd.unit(5) and systemd.syntax(7) apply to a value, each in some settings only: specifiers (%), quoted
// words with C escapes (\n, \x20), variables ($, in command lines), and what ends a line. A function per kind of setting.

// Text quotes a value that is one text: Description. Specifiers are expanded; nothing can be quoted.
func Text(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) }), " ")
	// A backslash at the end of the line would append the next one, and nothing can escape it.
	s = strings.TrimSpace(strings.TrimRight(s, `\ `))
	return strings.ReplaceAll(s, "%", "%%")
}

// Path quotes a path in a setting of one path, WorkingDirectory: specifiers alone. a space at its end and a backslash there can't be quoted.
func Path(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// Word quotes one word of a list: Environment, and the executable in ExecStart.
func Word(s string) string {
	s = strings.ReplaceAll(s, "%", "%%")
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%") == "" {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Argument quotes an argument of a command line, where systemd replaces variables after all else.
// (The executable's own path is never subject to that: systemd runs it as it stands.)
func Argument(s string) string { return Word(strings.ReplaceAll(s, "$", "$$")) }

// Time writes a time span (systemd.time(7)) exactly, in the largest unit that does it.
func Time(d time.Duration) string {
	switch {
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	case d%time.Millisecond == 0:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	default: // microseconds are all that systemd counts; never round to 0, which means "never" or "at once"
		return fmt.Sprintf("%dus", int64(math.Ceil(float64(d)/float64(time.Microsecond))))
	}
}
