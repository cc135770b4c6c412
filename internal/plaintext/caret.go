package plaintext

import (
	"fmt"
	"unicode/utf8"
)

// Caret appends text to dst with what may not pass made visible: ^[ for ESC and likewise for the other ASCII control characters, ^?
// for DEL, <U+202E> for other characters and <FF> for a byte that is no UTF-8. Tabs and newlines stay.
//
// It is for the output of programs, which a person reads to see what is there. It can't be undone: a text may hold "^[" itself.
func Caret(dst, text []byte) []byte {
	for len(text) > 0 {
		n := plain(text)
		dst, text = append(dst, text[:n]...), text[n:]
		if len(text) == 0 {
			break
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case size == 1 && r == utf8.RuneError:
			dst = fmt.Appendf(dst, "<%02X>", text[0])
		case r < utf8.RuneSelf:
			dst = append(dst, '^', byte(r)^0x40)
		case passes(r):
			dst = append(dst, text[:size]...)
		default:
			dst = fmt.Appendf(dst, "<U+%04X>", r)
		}
		text = text[size:]
	}
	return dst
}

// plain is how many bytes at the beginning are ASCII that may pass.
func plain(text []byte) int {
	for i, c := range text {
		if (c < ' ' && c != '\t' && c != '\n') || c >= 0x7f {
			return i
		}
	}
	return len(text)
}
