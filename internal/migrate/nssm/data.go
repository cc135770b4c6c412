package nssm

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// decode makes a value of the bytes that the registry holds. ansi: texts are bytes of a code page, as in files that begin
// with REGEDIT4, instead of UTF-16LE. A number of the wrong length has the kind None: NSSM doesn't take it for one either.
func decode(name string, kind Kind, data []byte, ansi bool) Value {
	v := Value{Name: name, Kind: kind}
	switch kind {
	case SZ, ExpandSZ:
		v.Text, _, _ = strings.Cut(text16(data, ansi), "\x00")
	case MultiSZ:
		for part := range strings.SplitSeq(text16(data, ansi), "\x00") {
			if part == "" { // two NULs end the list
				break
			}
			v.List = append(v.List, part)
		}
	case Dword, DwordBE:
		switch {
		case len(data) != 4:
			v.Kind = None
		case kind == Dword:
			v.Number = uint64(binary.LittleEndian.Uint32(data))
		default:
			v.Number = uint64(binary.BigEndian.Uint32(data))
		}
	case Qword:
		if len(data) != 8 {
			v.Kind = None
		} else {
			v.Number = binary.LittleEndian.Uint64(data)
		}
	}
	return v
}

func text16(data []byte, ansi bool) string {
	if ansi {
		return fromANSI(data)
	}
	return fromUTF16(data, binary.LittleEndian)
}

// fromUTF16 decodes; an odd last byte is left out.
func fromUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// fromANSI takes data for Windows-1252, the code page of western Windows; the file doesn't say which it was.
func fromANSI(data []byte) string {
	var b strings.Builder
	special := []rune(cp1252)
	for _, c := range data {
		if c >= 0x80 && c < 0xA0 {
			b.WriteRune(special[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// cp1252 are the characters 0x80 to 0x9F of Windows-1252; Windows leaves the five that aren't assigned as they are.
// Source: https://encoding.spec.whatwg.org/index-windows-1252.txt
const cp1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"
