package notify

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Message is one line.
type Message struct{ Key, Value string }

// Negative is the message that a fact (Ready, Live) doesn't hold, with a reason in words or "".
func Negative(key, reason string) Message {
	if reason = clean(reason); reason != "" {
		reason = " " + reason
	}
	return Message{key, "0" + reason}
}

// Append appends m as a line. A value is made one: what can't be printed becomes a space, and what is too long is cut.
// A message whose key isn't one is left out.
func Append(buf []byte, m Message) []byte {
	if !isKey(m.Key) {
		return buf
	}
	value := cut(clean(m.Value), MaxLine-len(m.Key)-2)
	buf = append(append(buf, m.Key...), '=')
	return append(append(buf, value...), '\n')
}

// maxKey bounds the words: sd_notify's longest has 19 letters.
const maxKey = 32

func isKey(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxKey
}

// clean makes a text that is safe to print on one line: no control characters (a terminal would obey them), nothing that
// turns the direction of writing, valid UTF-8, no spaces around it.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// cut shortens valid UTF-8 to at most n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Decoder takes the bytes of a channel, however they are cut, and gives its messages. The zero value is ready for use.
// It remembers at most [MaxLine] bytes.
type Decoder struct {
	line     []byte
	skipping bool   // the rest of a line that is too long
	refused  uint64 // lines that are no messages
}

// Refused is the number of lines so far that were too long or no KEY=VALUE.
func (d *Decoder) Refused() uint64 { return d.refused }

// Write takes more bytes and calls take for each line that they complete. An empty line is nothing.
func (d *Decoder) Write(p []byte, take func(Message)) {
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		part := p
		if end >= 0 {
			part = p[:end]
		}
		if !d.skipping && len(d.line)+len(part) >= MaxLine {
			d.skipping, d.line = true, nil
			d.refused++
		}
		if !d.skipping {
			d.line = append(d.line, part...)
		}
		if end < 0 {
			return
		}
		if !d.skipping {
			d.complete(take)
		}
		d.skipping, d.line = false, d.line[:0]
		p = p[end+1:]
	}
}

func (d *Decoder) complete(take func(Message)) {
	line := bytes.TrimSuffix(d.line, []byte{'\r'}) // a script on Windows: echo READY=1>&3
	if len(line) == 0 {
		return
	}
	key, value, found := bytes.Cut(line, []byte{'='})
	if !found || !isKey(string(key)) {
		d.refused++
		return
	}
	take(Message{string(key), clean(string(value))})
}
