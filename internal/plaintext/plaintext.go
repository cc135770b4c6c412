// Package plaintext is daruma's one way to make a text that somebody else wrote fit for a terminal: what a program printed, why a probe
// failed, what a file or a socket of the service's account says.
//
// A terminal obeys what it is given. Escape sequences move the cursor, change its title and, in some terminals, type for their
// user; a carriage return writes over the line; controls of bidirectional text make a line read as another one. What may pass is
// what Unicode calls graphic: letters, marks, numbers, punctuation, symbols and spaces. What may not:
//
//   - control characters (C0 with ESC, DEL, and C1, whose U+009B begins an escape sequence without ESC)
//   - format characters, which nobody sees: those of direction (U+061C, U+200E, U+200F, U+202A–U+202E, U+2066–U+2069) among them
//   - the separators of lines and paragraphs (U+2028, U+2029)
//   - bytes that are no UTF-8, which a terminal in another encoding may read as control characters
//
// [Line] is for one line of a table or a message, [Lines] for several, [Excerpt] for the beginning of something long; there a space
// takes the place of what may not pass. [Caret] shows what stood there, for who wants to see the bytes; [Coloured] does so, too, and lets
// colours through. [JSON] is for JSON, where nothing may be lost.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes s one line: a space for each character that may not pass, tabs and newlines too, and U+FFFD for what is no UTF-8.
func Line(s string) string { return clean(s, false) }

// Lines is [Line] where tabs and newlines stay. A carriage return before a newline is dropped.
func Lines(s string) string { return clean(s, true) }

func clean(s string, lines bool) string {
	if isClean(s, lines) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch {
		case passes(r) || lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case lines && r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func isClean(s string, lines bool) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if (c < ' ' || c == 0x7f) && !(lines && (c == '\n' || c == '\t')) {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if size == 1 || !passes(r) { // no UTF-8
			return false
		}
		i += size
	}
	return true
}

// passes tells whether a terminal shows the character and does nothing else.
func passes(r rune) bool { return unicode.IsGraphic(r) }

// Excerpt gives the beginning of b as one line of at most limit bytes, and an ellipsis where something is left out. Runs of spaces,
// newlines and what may not pass become one space, with none around.
func Excerpt(b []byte, limit int) string {
	scan := 4 * limit // bytes looked at: runs of spaces shrink
	cut := len(b) > scan
	if cut {
		b = b[:scan]
	}
	var s strings.Builder
	blank := false
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		if unicode.IsSpace(r) || !passes(r) {
			blank = s.Len() > 0
			continue
		}
		need := utf8.RuneLen(r)
		if blank {
			need++
		}
		if s.Len()+need > limit {
			cut = true
			break
		}
		if blank {
			s.WriteByte(' ')
			blank = false
		}
		s.WriteRune(r)
	}
	if cut {
		s.WriteString("…")
	}
	return s.String()
}
