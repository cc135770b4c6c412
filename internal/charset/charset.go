// Package charset decodes texts of programs that don't write UTF-8: Windows' programs write in the machine's OEM or ANSI code page.
package charset

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// The names that aren't those of an encoding.
const (
	UTF8 = "utf-8" // nothing is decoded
	OEM  = "oem"   // the code page of this machine's console programs; Windows
	ANSI = "ansi"  // the code page of this machine's other programs; Windows
)

// Check says whether a definition may have this encoding: one whose bytes below 128 are ASCII, wherever they stand, because lines are
// cut at the byte 10 before they are decoded. UTF-16 isn't. The names are those of the WHATWG and of IANA, in any case, and cp with the
// number of a code page.
func Check(name string) error {
	name = strings.ToLower(name)
	if name == UTF8 || name == OEM || name == ANSI {
		return nil
	}
	if strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32") || name == "cp1200" {
		return fmt.Errorf("%s isn't taken, because its newlines are more than a byte: have the program write UTF-8", name)
	}
	if e := find(name); e == nil && !systemHas(codePage(name)) || e != nil && !keepsASCII(e) {
		return fmt.Errorf("must be utf-8, oem, ansi, or the name of a character encoding such as windows-1252, iso-8859-2, cp850 or shift_jis, is %.40q", name)
	}
	return nil
}

// Resolve gives the name under which another machine knows the encoding: that of the code page for oem and ansi.
// Where the system has no code pages (Linux) those are errors.
func Resolve(name string) (string, error) {
	name = strings.ToLower(name)
	switch name {
	case OEM, ANSI:
		number := systemCodePage(name)
		if number == 0 {
			return "", fmt.Errorf("%s is the code page of a Windows machine: name the encoding, windows-1252 for example", name)
		}
		if number == utf8Page {
			return UTF8, nil
		}
		return "cp" + strconv.Itoa(number), nil
	case "":
		return UTF8, nil
	}
	return name, nil
}

const utf8Page = 65001

// find gives the encoding called name, or nil.
func find(name string) encoding.Encoding {
	switch number := codePage(name); {
	case number == 932:
		name = "shift_jis"
	case number == 936:
		name = "gbk"
	case number == 949:
		name = "euc-kr"
	case number == 950:
		name = "big5"
	case number == 874 || number >= 1250 && number <= 1258:
		name = "windows-" + strconv.Itoa(number)
	case number == utf8Page:
		name = UTF8
	}
	if e, err := htmlindex.Get(name); err == nil {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil {
		return e
	}
	return nil
}

// codePage is the number in cp850; 0: it is no such name.
func codePage(name string) int {
	number, ok := strings.CutPrefix(name, "cp")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > 0xffff {
		return 0
	}
	return n
}

// keepsASCII tells whether bytes below 128 mean what they do in ASCII. Those of the seven-bit encodings don't after an escape sequence.
func keepsASCII(e encoding.Encoding) bool {
	var all []byte
	for b := byte(1); b < 0x80; b++ {
		all = append(all, b)
	}
	for _, sample := range []string{string(all), "\x1b$B$\"", "~{<:~}"} {
		if out, err := e.NewDecoder().String(sample); err != nil || out != sample {
			return false
		}
	}
	return true
}

// Decoder makes UTF-8 of one encoding. It isn't to be used by several goroutines at once.
type Decoder struct {
	known  *encoding.Decoder // or else
	system int               // the number of a code page that the system alone knows
}

// New makes a decoder; nil for UTF-8, whose methods do nothing. name is what [Resolve] gave.
func New(name string) (*Decoder, error) {
	if name == UTF8 || name == "" {
		return nil, nil
	}
	if e := find(name); e != nil {
		return &Decoder{known: e.NewDecoder()}, nil
	}
	if n := codePage(name); systemHas(n) {
		return &Decoder{system: n}, nil
	}
	return nil, fmt.Errorf("the encoding %.40q isn't known on this system", name)
}

// Decode gives text as UTF-8, U+FFFD for what means nothing in its encoding. What is ASCII, and with a nil decoder everything, is given
// back as it is.
func (d *Decoder) Decode(text []byte) []byte {
	if d == nil || isASCII(text) {
		return text
	}
	if d.known == nil {
		return systemDecode(d.system, text)
	}
	out, err := d.known.Bytes(text)
	if err != nil {
		return text
	}
	return out
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
