package plaintext

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON appends the JSON text to dst with what may not pass escaped as JSON does it, \u009b for example: the values stay the same. Encoders
// escape the ASCII control characters only, and those are left: C1, DEL, format characters. Tabs and newlines stay; what is no UTF-8
// becomes U+FFFD, as every decoder makes of it.
func JSON(dst, text []byte) []byte {
	for len(text) > 0 {
		n := plain(text)
		dst, text = append(dst, text[:n]...), text[n:]
		if len(text) == 0 {
			break
		}
		r, size := utf8.DecodeRune(text)
		switch high, low := utf16.EncodeRune(r); {
		case passes(r): // U+FFFD, too
			dst = utf8.AppendRune(dst, r)
		case high != utf8.RuneError:
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		text = text[size:]
	}
	return dst
}
