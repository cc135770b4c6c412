package notify

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// EnvChannel names the variable that holds the number of the pipe's write end, in decimal.
const EnvChannel = "DARUMA_NOTIFY"

// EnvWatchdog names the variable that holds the seconds within which the supervisor expects a WATCHDOG=1: a decimal
// fraction such as 0.5. Without it, no heartbeat is expected. Send twice as often, as with WATCHDOG_USEC.
const EnvWatchdog = "DARUMA_WATCHDOG_SECONDS"

// MaxLine is the longest line, in bytes, its newline included.
const MaxLine = 1024

// The keys.
const (
	Ready         = "READY"
	Live          = "LIVE"
	Watchdog      = "WATCHDOG"
	Status        = "STATUS"
	Stopping      = "STOPPING"
	ExtendTimeout = "EXTEND_TIMEOUT_USEC"
)

// Message is one line.
type Message struct{ Key, Value string }

// Negative makes the message that a program isn't ready or isn't live (key is [Ready] or [Live]), with the reason, which may be empty.
func Negative(key, reason string) Message {
	if reason = clean(reason); reason != "" {
		reason = " " + reason
	}
	return Message{key, "0" + reason}
}

// Append appends m as a line to buf. In the value, characters that can't be printed become spaces, and what is too long is cut off.
// A message whose key isn't of capitals, digits and _ is left out.
func Append(buf []byte, m Message) []byte {
	if !isKey(m.Key) {
		return buf
	}
	value := cut(clean(m.Value), MaxLine-len(m.Key)-2)
	buf = append(append(buf, m.Key...), '=')
	return append(append(buf, value...), '\n')
}

// maxKey bounds a key: the longest of sd_notify has 19 letters.
const maxKey = 32

func isKey(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxKey
}

// clean makes a text that is safe to print on one line: valid UTF-8 without control characters, which a terminal interprets, without
// characters that change the direction of writing, and without spaces around it.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// cut shortens valid UTF-8 to at most n bytes, at the end of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Decoder makes messages of the bytes of a channel, whatever pieces they come in. The zero value is ready for use. It keeps at most
// [MaxLine] bytes.
type Decoder struct {
	line     []byte
	skipping bool   // the rest of a line that is too long
	refused  uint64 // lines that are no messages
}

// Refused is the number of lines so far that were too long, or not KEY=VALUE.
func (d *Decoder) Refused() uint64 { return d.refused }

// Write takes more bytes and calls take for each message that they complete. Empty lines are ignored.
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
