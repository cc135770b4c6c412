package charset

import (
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// kernel32's GetACP and GetOEMCP have no wrapper that gives the second.
func systemCodePage(name string) int {
	if name == ANSI {
		return int(windows.GetACP())
	}
	n, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetOEMCP").Call()
	return int(n)
}

// systemHas tells whether Windows can decode a code page. 42 and below stand for others, 1200 and the like have two bytes a character.
func systemHas(number int) bool {
	if number <= 42 || number == 1200 || number == 1201 {
		return false
	}
	out := [2]uint16{}
	sample := byte('a')
	n, err := windows.MultiByteToWideChar(uint32(number), 0, &sample, 1, &out[0], 2)
	return err == nil && n == 1 && out[0] == 'a' // an EBCDIC has no a there
}

func systemDecode(number int, text []byte) []byte {
	out := make([]uint16, len(text)) // a byte makes at most one
	n, err := windows.MultiByteToWideChar(uint32(number), 0, &text[0], int32(len(text)), &out[0], int32(len(out)))
	if err != nil {
		return text
	}
	return []byte(string(utf16.Decode(out[:n])))
}
