package plaintext

import (
	"encoding/json"
	"regexp"
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

func TestColoured(t *testing.T) {
	for in, want := range map[string]string{
		"plain, größer\n\t🎎":                      "plain, größer\n\t🎎",
		"\x1b[31mred\x1b[0m":                      "\x1b[31mred\x1b[0m",
		"\x1b[31mred\x1b[m":                       "\x1b[31mred\x1b[m",
		"\x1b[1;4;38;5;208;48;2;1;22;255mx":       "\x1b[1;4;38;5;208;48;2;1;22;255mx\x1b[0m",
		"\x1b[;31mopen\nnext":                     "\x1b[;31mopen\x1b[0m\nnext",
		"\x1b[31;97mtwo\n\x1b[32mlines\n":         "\x1b[31;97mtwo\x1b[0m\n\x1b[32mlines\x1b[0m\n",
		"\x1b[8mhidden":                           "^[[8mhidden",
		"\x1b[31;8mhidden":                        "^[[31;8mhidden",
		"\x1b[5mblink\x1b[6m":                     "^[[5mblink^[[6m",
		"\x1b[38;5mx\x1b[38;7;1mx\x1b[38;5;256m":  "^[[38;5mx^[[38;7;1mx^[[38;5;256m",
		"\x1b[38:5:1m\x1b[+1m\x1b[-1m\x1b[>4;2m":  "^[[38:5:1m^[[+1m^[[-1m^[[>4;2m",
		"\x1b[2J\x1b[31":                          "^[[2J^[[31",
		"\x1b]0;title\x07m\x1b":                   "^[]0;title^Gm^[",
		"\x1b\x1b[31mx":                           "^[\x1b[31mx\x1b[0m",
		"\u009b31mx":                              "<U+009B>31mx",
		"\x1b[" + strings.Repeat("1;", 99) + "1m": "^[[" + strings.Repeat("1;", 99) + "1m",
		"\x1b[99999999999999999999m":              "^[[99999999999999999999m",
	} {
		if got := string(Coloured(nil, []byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	in := "{\n\t\"a\": \"größer \\u001b\u007f\u009b2J\u202e\u2028\U000e0041\xff\"}"
	want := "{\n\t\"a\": \"größer \\u001b\\u007f\\u009b2J\\u202e\\u2028\\udb40\\udc41\ufffd\"}"
	got := JSON(nil, []byte(in))
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	var before, after map[string]string
	if json.Unmarshal([]byte(in), &before) != nil || json.Unmarshal(got, &after) != nil || before["a"] != after["a"] {
		t.Errorf("%q became %q", before, after)
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

// sequences are colours, written out: [Coloured] lets no others through.
var sequences = regexp.MustCompile("\x1b\\[[0-9;]*m")

// FuzzPlain: no text gets anything to a terminal but characters; what is clean stays as it is, and once is enough.
func FuzzPlain(f *testing.F) {
	f.Add("\x1b[2J\u202e\xff\r\n")
	f.Add(dangerous)
	f.Add("\x1b[31mred\n\x1b[8m\x1b[38;5;1m")
	f.Add("größer, 大きい, 🎎\n")
	f.Fuzz(func(t *testing.T, s string) {
		line, lines, caret, excerpt := Line(s), Lines(s), string(Caret(nil, []byte(s))), Excerpt([]byte(s), 40)
		check(t, "Line", s, line, "")
		check(t, "Lines", s, lines, "\n\t")
		check(t, "Caret", s, caret, "\n\t")
		check(t, "Excerpt", s, excerpt, "")
		check(t, "JSON", s, string(JSON(nil, []byte(s))), "\n\t")
		coloured := string(Coloured(nil, []byte(s)))
		check(t, "Coloured", s, sequences.ReplaceAllString(coloured, ""), "\n\t")
		if string(Coloured(nil, []byte(coloured))) != coloured {
			t.Errorf("%q: a second time makes another coloured text than %q", s, coloured)
		}
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
