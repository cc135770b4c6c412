package plaintext

import (
	"bytes"
	"strconv"
)

// resetColours is the escape sequence that ends all colours.
const resetColours = "\x1b[0m"

// Coloured is [Caret] that lets colours through: the sequences ESC [ numbers m, Select Graphic Rendition of ECMA-48. They change how the
// characters after them look and nothing else. Colours end with the line that they are in, so that no text can paint another one's.
//
// Not every number passes: 8 hides text, 5 and 6 make it blink, and what a number without a meaning does depends on the terminal. A
// sequence with one of those is shown, not obeyed.
func Coloured(dst, text []byte) []byte {
	coloured := false
	for len(text) > 0 {
		n := bytes.IndexAny(text, "\x1b\n")
		if n < 0 {
			n = len(text)
		}
		dst, text = Caret(dst, text[:n]), text[n:]
		if len(text) == 0 {
			break
		}
		if size := colourSequence(text); size > 0 {
			dst = append(dst, text[:size]...)
			coloured = string(text[:size]) != resetColours && string(text[:size]) != "\x1b[m"
			text = text[size:]
			continue
		}
		if text[0] == '\n' && coloured {
			dst = append(dst, resetColours...)
			coloured = false
		}
		dst, text = Caret(dst, text[:1]), text[1:]
	}
	if coloured {
		dst = append(dst, resetColours...)
	}
	return dst
}

// maxColourSequence bounds a sequence, in bytes: two colours of three numbers each, and some attributes.
const maxColourSequence = 64

// colourSequence is the length of the sequence that text begins with, 0 where that is none that may pass.
func colourSequence(text []byte) int {
	rest, ok := bytes.CutPrefix(text, []byte("\x1b["))
	if !ok {
		return 0
	}
	end := bytes.IndexByte(rest[:min(len(rest), maxColourSequence)], 'm')
	if end < 0 {
		return 0
	}
	var numbers []int
	for number := range bytes.SplitSeq(rest[:end], []byte(";")) {
		n := 0 // what an empty one means
		if len(number) > 0 {
			var err error
			if n, err = strconv.Atoi(string(number)); err != nil || number[0] == '+' || number[0] == '-' {
				return 0
			}
		}
		numbers = append(numbers, n)
	}
	for len(numbers) > 0 {
		n := colour(numbers)
		if n == 0 {
			return 0
		}
		numbers = numbers[n:]
	}
	return len("\x1b[") + end + 1
}

// colour is how many of the numbers make the first attribute, 0 where it may not pass.
func colour(numbers []int) int {
	switch n := numbers[0]; {
	case n == 38 || n == 48: // 38;5;N of a palette, 38;2;R;G;B
		size := 0
		if len(numbers) > 1 {
			size = map[int]int{5: 3, 2: 5}[numbers[1]]
		}
		if size == 0 || len(numbers) < size {
			return 0
		}
		for _, part := range numbers[2:size] {
			if part > 255 {
				return 0
			}
		}
		return size
	case n <= 4, n == 7, n == 9, n >= 21 && n <= 24, n == 27, n == 29: // weight, italics, underline, inverse, struck through
		return 1
	case n >= 30 && n <= 49, n >= 90 && n <= 97, n >= 100 && n <= 107:
		return 1
	}
	return 0
}
