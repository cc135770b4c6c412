package plaintext

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// dangerous are characters that must never come through, each written out: this list doesn't use what the package uses.
const dangerous = "\x00\x07\x08\x0b\x0c\x0d\x0e\x1b\x7f\u0080\u0085\u009b\u009d\u009f" +
	"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\u200b\ufeff\U000e0041"

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"plain":                       "plain",
		"größer, 大きい, 🎎":              "größer, 大きい, 🎎",
		"a\x1b[2Jb":                   "a [2Jb",
		"a\u009b2Jb":                  "a 2Jb",
		"two\nlines\r\n\ttab":         "two lines   tab",
		"a\u202egnp.exe":              "a gnp.exe",
		"a\xffb":                      "a\ufffdb",
		"a\xc3":                       "a\ufffd",
		"\xe2\x80":                    "\ufffd\ufffd",
		"\xed\xa0\x80 is a surrogate": "\ufffd\ufffd\ufffd is a surrogate",
	} {
		if got := Line(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := Line(dangerous); strings.Trim(got, " ") != "" {
		t.Errorf("%q came through", got)
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"two\nlines\r\n\ttab":   "two\nlines\n\ttab",
		"over\rwritten":         "over written",
		"\x1b]0;title\x07\n":    " ]0;title \n",
		"clean\n":               "clean\n",
		"\r\r\n":                " \n",
		"last\r":                "last ",
		"para\u2029graph\u202e": "para graph ",
	} {
		if got := Lines(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestCaret(t *testing.T) {
	for in, want := range map[string]string{
		"plain, größer\n\t🎎":       "plain, größer\n\t🎎",
		"\x1b[31mred\x1b[0m":       "^[[31mred^[[0m",
		"\x00\x7f\r\n":             "^@^?^M\n",
		"\u009b2J\u202ex\u2028":    "<U+009B>2J<U+202E>x<U+2028>",
		"a\xff\xfe":                "a<FF><FE>",
		"\ufffd is a character":    "\ufffd is a character",
		"\U000e0041 is a tag":      "<U+E0041> is a tag",
		strings.Repeat("long ", 9): strings.Repeat("long ", 9),
	} {
		if got := string(Caret(nil, []byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := string(Caret([]byte("before "), []byte("\a"))); got != "before ^G" {
		t.Errorf("%q", got)
	}
}

func TestExcerpt(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"  \r\n ":                     "",
		" <html>\n  <b>\x1b[1m  ":     "<html> <b> [1m",
		"a\u202eb":                    "a b",
		"12345678901234567890":        "12345678901234567890",
		"123456789012345678901":       "12345678901234567890…",
		"1234567890123456789 0":       "1234567890123456789…",
		"1234567890123456789ö":        "1234567890123456789…",
		strings.Repeat(" ", 99) + "x": "…",
	} {
		if got := Excerpt([]byte(in), 20); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// check fails where a text holds what a terminal would obey, apart from the characters in allowed.
func check(t *testing.T, how, in, out, allowed string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s of %q: %q is no UTF-8", how, in, out)
	}
	for _, r := range out {
		if strings.ContainsRune(allowed, r) {
			continue
		}
		if strings.ContainsRune(dangerous, r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			t.Errorf("%s of %q: %q holds %U", how, in, out, r)
		}
	}
}

// FuzzPlain: no text gets anything to a terminal but characters; what is clean stays as it is, and once is enough.
func FuzzPlain(f *testing.F) {
	f.Add("\x1b[2J\u202e\xff\r\n")
	f.Add(dangerous)
	f.Add("größer, 大きい, 🎎\n")
	f.Fuzz(func(t *testing.T, s string) {
		line, lines, caret, excerpt := Line(s), Lines(s), string(Caret(nil, []byte(s))), Excerpt([]byte(s), 40)
		check(t, "Line", s, line, "")
		check(t, "Lines", s, lines, "\n\t")
		check(t, "Caret", s, caret, "\n\t")
		check(t, "Excerpt", s, excerpt, "")
		if Line(line) != line || Lines(lines) != lines || string(Caret(nil, []byte(caret))) != caret {
			t.Errorf("%q: a second time makes another text", s)
		}
		if len(excerpt) > 40+len("…") || strings.Contains(excerpt, "  ") || strings.TrimSpace(excerpt) != excerpt {
			t.Errorf("Excerpt of %q: %q", s, excerpt)
		}
		if utf8.RuneCountInString(line) != utf8.RuneCountInString(s) {
			t.Errorf("%q becomes %q: as many characters as before", s, line)
		}
		if strings.Count(lines, "\n") != strings.Count(s, "\n") {
			t.Errorf("%q becomes %q: as many lines as before", s, lines)
		}
	})
}
