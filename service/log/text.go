package log

import (
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Colours of a terminal: ECMA-48's Select Graphic Rendition.
const (
	colourOff    = "\x1b[0m"
	colourFaint  = "\x1b[2m"
	colourRed    = "\x1b[31m"
	colourGreen  = "\x1b[32m"
	colourYellow = "\x1b[33m"
)

// textEncoder makes lines for people. A value or message of several lines, such as a stack, follows the record, indented: a
// record begins where a line isn't indented, so no text can pass for a record. Control characters are escaped: a terminal
// would interpret them.
func textEncoder(colours bool) func(dst []byte, r *flatRecord) []byte {
	paint := func(dst []byte, colour, text string) []byte {
		if !colours || text == "" {
			return append(dst, text...)
		}
		return append(append(append(dst, colour...), text...), colourOff...)
	}
	return func(dst []byte, r *flatRecord) []byte {
		if text := textClock(r.time); text != "" {
			dst = append(paint(dst, colourFaint, textEscaped(text)), ' ')
		}
		if r.label != "" {
			label := textEscaped(r.label)
			dst = paint(dst, textColour(r.level), label)
			dst = append(dst, strings.Repeat(" ", max(0, 5-utf8.RuneCountInString(label)))+" "...)
		}
		first, more, _ := strings.Cut(r.message, "\n")
		dst = append(dst, textEscaped(first)...)
		var long []flatField
		for _, f := range r.fields {
			text := flatText(f.value)
			if strings.Contains(text, "\n") {
				long = append(long, flatField{f.key, slog.StringValue(text)})
				continue
			}
			dst = append(dst, ' ')
			dst = paint(dst, colourFaint, textQuoted(f.key)+"=")
			dst = append(dst, textQuoted(text)...)
		}
		if r.source != nil {
			dst = paint(append(dst, ' '), colourFaint, "source="+textQuoted(r.source.File+":"+strconv.Itoa(r.source.Line)))
		}
		dst = append(dst, '\n')
		dst = textBlock(dst, more)
		for _, f := range long {
			dst = append(append(append(dst, "    "...), textQuoted(f.key)...), ":\n"...)
			dst = textBlock(dst, f.value.String())
		}
		return dst
	}
}

// textBlock appends text, if any, each line of it indented.
func textBlock(dst []byte, text string) []byte {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return dst
	}
	for line := range strings.SplitSeq(text, "\n") {
		dst = append(append(append(dst, "      "...), textEscaped(strings.TrimSuffix(line, "\r"))...), '\n')
	}
	return dst
}

// textClock is the time of day, to the millisecond, in the machine's time zone: people read a terminal on the same day.
func textClock(v slog.Value) string {
	switch {
	case v.Kind() == slog.KindTime:
		return v.Time().Local().Format("15:04:05.000")
	case v.Equal(slog.Value{}):
		return ""
	default:
		return flatText(v)
	}
}

func textColour(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return colourRed
	case level >= slog.LevelWarn:
		return colourYellow
	case level >= slog.LevelInfo:
		return colourGreen
	default:
		return colourFaint
	}
}

func textQuoted(text string) string {
	if isWord(text) {
		return text
	}
	return strconv.Quote(text)
}

// textEscaped is text without characters that a terminal interprets; tabs stay.
func textEscaped(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && !textPrintable(r) }) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + textHex(text[i]))
		case r == '\t' || textPrintable(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// textPrintable is false also for characters that change the direction of writing: with them a line reads as another.
func textPrintable(r rune) bool { return r != utf8.RuneError && (unicode.IsGraphic(r)) }

func textHex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}
