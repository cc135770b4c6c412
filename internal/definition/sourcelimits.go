package definition

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Bounds on a text, all far beyond what people write. They exist because the YAML library's scanner takes time that
// grows with the square of some things: without them a file of 10 MiB could keep it busy for hours.
const (
	maxMarks     = 1_000_000   // separators, a measure of how many tokens there will be (about 500 bytes each)
	maxTabWork   = 200_000_000 // for each tab, the length of its line
	maxAngleWork = 50_000_000  // for each run of <, the square of its length
	maxBlankWork = 400_000_000 // the longest run of empty lines × the size of the file
)

// clean checks that src is a text that YAML allows. It gives it with \n as its line end and without a byte order mark.
func clean(src []byte) (string, *Error) {
	if len(src) > MaxSize {
		return "", &Error{Msg: fmt.Sprintf("is larger than %d MiB: a definition may not be", MaxSize>>20)}
	}
	if bytes.HasPrefix(src, []byte{0xFF, 0xFE}) || bytes.HasPrefix(src, []byte{0xFE, 0xFF}) {
		return "", &Error{Pos: Position{1, 1}, Msg: "is UTF-16: save it as UTF-8"}
	}
	src = bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF"))
	if bytes.IndexByte(src, '\r') >= 0 {
		src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
		src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
	}
	if problem := checkCharacters(src); problem != nil {
		return "", problem
	}
	return string(src), checkScanCost(src)
}

// checkCharacters refuses what YAML doesn't allow in a text: bytes that aren't UTF-8, and control characters.
func checkCharacters(src []byte) *Error {
	pos := Position{1, 1}
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '\n':
			pos = Position{pos.Line + 1, 1}
			i++
			continue
		case c < 0x20 && c != '\t' || c == 0x7F:
			return &Error{Pos: pos, Msg: fmt.Sprintf("the control character 0x%02X isn't allowed: in double quotes write \\x%02X", c, c)}
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && size == 1 {
				return &Error{Pos: pos, Msg: fmt.Sprintf("the byte 0x%02X isn't UTF-8: save the file as UTF-8", c)}
			}
			if r == 0xFEFF {
				return &Error{Pos: pos, Msg: "a byte order mark is allowed at the very beginning only: remove it"}
			}
			i += size
		}
		pos.Column++
	}
	return nil
}

// checkScanCost refuses texts that would keep the YAML library busy for too long.
func checkScanCost(src []byte) *Error {
	var w scanCost
	for line := 1; len(src) > 0; line++ {
		text := src
		if i := bytes.IndexByte(src, '\n'); i >= 0 {
			text, src = src[:i], src[i+1:]
		} else {
			src = nil
		}
		w.add(text)
		if msg := w.tooMuch(); msg != "" {
			return &Error{Pos: Position{line, 1}, Msg: msg}
		}
	}
	return nil
}

// scanCost sums up what the lines of a text cost.
type scanCost struct {
	size, marks, tabs, angles int
	blank, longestBlank       int // empty lines in a row: now, at most
}

func (w *scanCost) tooMuch() string {
	switch {
	case w.marks > maxMarks:
		return fmt.Sprintf("is too large: more than %d elements up to here", maxMarks)
	case w.tabs > maxTabWork:
		return "too many tabs in long lines up to here: use spaces"
	case w.angles > maxAngleWork:
		return "too many < in a row up to here"
	case w.longestBlank*w.size > maxBlankWork:
		return "too many empty lines in a row up to here: remove them"
	}
	return ""
}

func (w *scanCost) add(line []byte) {
	w.size += len(line) + 1
	if len(bytes.TrimLeft(line, " \t")) == 0 {
		w.blank++
		w.longestBlank = max(w.longestBlank, w.blank)
		w.tabs += len(line) * bytes.Count(line, []byte{'\t'})
		return
	}
	w.blank = 0
	w.marks++
	tabs, angles := 0, 0
	for i, c := range line {
		switch c {
		case '\t':
			tabs++
		case '<':
			angles++
			w.angles += angles
			continue
		case ',', '[', ']', '{', '}', ':', '&', '*', '"', '\'', '!', '#', '%':
			w.marks++
		case '-', '?':
			if i+1 == len(line) || line[i+1] == ' ' {
				w.marks++
			}
		}
		angles = 0
	}
	w.tabs += tabs * len(line)
}
