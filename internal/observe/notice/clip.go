package notice

import "unicode/utf8"

// Clip gives the beginning of s in at most limit bytes, the ellipsis where something is left out included. It never cuts a character in
// two. A limit below 3 gives "".
func Clip(s string, limit int) string {
	const ellipsis = "…"
	if len(s) <= limit {
		return s
	}
	n := limit - len(ellipsis)
	if n < 0 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}
