package eventlog

import (
	"strings"
	"unicode/utf16"
)

// maxText is what ReportEventW takes for one string, in UTF-16 units, without the final zero.
// Source: learn.microsoft.com, ReportEventW, lpStrings.
const maxText = 31839 - 1

// insertion is text as an insertion string for ReportEventW: UTF-16 with a final zero, and none before it. "%1" becomes "% 1":
// Event Viewer would put the text itself in its place, again and again. Source: learn.microsoft.com, ReportEventW.
func insertion(text string) []uint16 {
	var b strings.Builder
	previous := rune(0)
	for _, r := range text {
		switch {
		case r == 0:
			r = '\uFFFD'
		case previous == '%' && r >= '0' && r <= '9':
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		previous = r
	}
	units := utf16.Encode([]rune(b.String()))
	if len(units) > maxText {
		units = units[:maxText]
		if last := units[len(units)-1]; utf16.IsSurrogate(rune(last)) && last < 0xDC00 {
			units = units[:len(units)-1] // half a character
		}
	}
	return append(units, 0)
}
