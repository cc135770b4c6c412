// Package jsonline is the JSON form of a line of a log: one object a line, with the names of the Elastic Common Schema (ECS). It writes
// objects without allocating, reads them back, and knows ours from a program's own JSON.
//
//	{"@timestamp":"2026-11-22T10:29:38.123456Z","ecs.version":"8.11.0","service.name":"shop","process.name":"api",
//	 "daruma.generation":3,"daruma.stream":"stderr","message":"listening on :8080"}
package jsonline

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"
)

// ECSVersion is the version of the Elastic Common Schema whose names the JSON lines use.
const ECSVersion = "8.11.0"

const (
	// Start is what every object begins with; the time follows.
	Start = `{"@timestamp":"`

	jsonStamp  = "2006-01-02T15:04:05.000000Z" // RFC 3339, always UTC and of this length
	jsonSchema = `","ecs.version":"` + ECSVersion + `","service.name":`
)

// End says how a line ended.
type End int

// The ways in which a line ends.
const (
	WithNewline End = iota
	Partial         // the line goes on in the next object: it is too long for one
	NoNewline       // the run ended without a newline
)

// Head is what the objects of one stream have between the time and the message.
func Head(service, program string, generation int, stream string) []byte {
	b := AppendString([]byte(jsonSchema), []byte(service))
	b = append(b, `,"process.name":`...)
	b = AppendString(b, []byte(program))
	b = append(b, `,"daruma.generation":`...)
	b = strconv.AppendInt(b, int64(generation), 10)
	b = append(b, `,"daruma.stream":`...)
	b = AppendString(b, []byte(stream))
	return append(b, `,"message":"`...)
}

// AppendStamp writes the beginning of an object, with the time: microseconds, UTC.
func AppendStamp(b []byte, now time.Time) []byte {
	return now.UTC().AppendFormat(append(b, Start...), jsonStamp)
}

// Append writes one object and its newline. start is from [AppendStamp], head from [Head].
//
// What isn't UTF-8 becomes U+FFFD in the message, and the exact bytes follow as daruma.message_base64.
func Append(dst, start, head, line []byte, end End) []byte {
	return AppendDecoded(dst, start, head, line, line, end)
}

// AppendDecoded is [Append] of a line that isn't UTF-8, but in an encoding that is known: message is the line in UTF-8. Where they differ
// the exact bytes follow, too.
func AppendDecoded(dst, start, head, line, message []byte, end End) []byte {
	dst = append(dst, start...)
	dst = append(dst, head...)
	clean := plainLength(message)
	dst = append(dst, message[:clean]...)
	valid := true
	if clean < len(message) {
		valid = utf8.Valid(message[clean:])
		dst = appendEscaped(dst, message[clean:], valid)
		valid = valid && bytes.Equal(line, message)
	}
	if valid && end == WithNewline {
		return append(dst, "\"}\n"...)
	}
	dst = append(dst, '"')
	if !valid {
		dst = append(dst, `,"daruma.message_base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, line)
		dst = append(dst, '"')
	}
	switch end {
	case Partial:
		dst = append(dst, `,"daruma.partial":true`...)
	case NoNewline:
		dst = append(dst, `,"daruma.no_newline":true`...)
	}
	return append(dst, "}\n"...)
}

// plainLength is how many bytes at the beginning stand in a JSON string as they are; eight at a time.
func plainLength(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		if (x|(x-ones*0x20)&^x|(quote-ones)&^quote|(slash-ones)&^slash)&high != 0 {
			break
		}
	}
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x80 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// appendEscaped writes the inside of a JSON string.
func appendEscaped(dst, b []byte, valid bool) []byte {
	const hex = "0123456789abcdef"
	for len(b) > 0 {
		if n := plainLength(b); n > 0 {
			dst, b = append(dst, b[:n]...), b[n:]
			continue
		}
		switch c := b[0]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case valid:
			dst = append(dst, c) // a byte of a rune; the next ones come here too
		default:
			r, size := utf8.DecodeRune(b)
			dst = utf8.AppendRune(dst, r) // U+FFFD where there is none
			b = b[size:]
			continue
		}
		b = b[1:]
	}
	return dst
}

// AppendString appends s as a JSON string. What isn't UTF-8 becomes U+FFFD.
func AppendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s, utf8.Valid(s))
	return append(dst, '"')
}

// CutRune is the longest length up to len(b) that doesn't cut a rune apart; len(b) where there is none to cut.
func CutRune(b []byte) int {
	for i := 1; i < utf8.UTFMax && i < len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= 0x80 && !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}

// FileIsOurs tells whether a file begins with an object of ours.
func FileIsOurs(f interface {
	ReadAt([]byte, int64) (int, error)
}) bool {
	var b [len(Start) + len(jsonStamp) + len(`","ecs.version":"`)]byte
	if n, _ := f.ReadAt(b[:], 0); n < len(b) {
		return false
	}
	return IsOurs(b[:])
}

// IsOurs tells whether a line begins as ours do.
func IsOurs(line []byte) bool {
	const second = len(Start) + len(jsonStamp)
	const key = `","ecs.version":"`
	return len(line) >= second+len(key) && string(line[:len(Start)]) == Start && string(line[second:second+len(key)]) == key
}
