package manager

import (
	"strings"
	"unicode/utf8"
)

// xmlWriter writes indented XML. encoding/xml would do it, too, at the price of 300 KB in every program that uses package service.
type xmlWriter struct {
	strings.Builder
	stack []string
}

func (x *xmlWriter) raw(s string) { x.WriteString(s) }

func (x *xmlWriter) indent() { x.raw(strings.Repeat("  ", len(x.stack))) }

func (x *xmlWriter) open(name, attributes string) {
	x.indent()
	x.raw("<" + name)
	if attributes != "" {
		x.raw(" " + attributes)
	}
	x.raw(">\n")
	x.stack = append(x.stack, name)
}

func (x *xmlWriter) close() {
	name := x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	x.indent()
	x.raw("</" + name + ">\n")
}

func (x *xmlWriter) leaf(name, text string) {
	x.indent()
	x.raw("<" + name + ">" + xmlEscape(text) + "</" + name + ">\n")
}

// xmlText replaces what XML 1.0 can't hold, escaped or not (its production Char): most control characters, U+FFFE and U+FFFF.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF && r != utf8.RuneError {
			return r
		}
		return utf8.RuneError
	}, s)
}

func xmlEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;").Replace(xmlText(s))
}
