package plaintext

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// UTF16 is what [NotUTF8] calls UTF-16, which begins with its mark, as Notepad and PowerShell write it.
const UTF16 = "UTF-16"

// NotUTF8 says where a text isn't UTF-8, and what is there: "UTF-16", or "the byte 0xDF"; "": it is UTF-8.
func NotUTF8(data []byte) (offset int, what string) {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		return 0, UTF16
	}
	if utf8.Valid(data) {
		return 0, ""
	}
	for {
		r, size := utf8.DecodeRune(data[offset:])
		if r == utf8.RuneError && size <= 1 {
			return offset, fmt.Sprintf("the byte 0x%02X", data[offset])
		}
		offset += size
	}
}
