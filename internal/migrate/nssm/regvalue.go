package nssm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// lines gives the lines of a text one by one.
type lines struct {
	rest   string
	text   string // the line, without its end
	number int    // of the last physical line read
	start  int    // of the line at which text begins
}

func (l *lines) next() bool {
	if l.rest == "" {
		return false
	}
	l.start = l.number + 1
	l.text = l.physical()
	return true
}

func (l *lines) physical() string {
	l.number++
	line, rest, _ := strings.Cut(l.rest, "\n")
	l.rest = rest
	return strings.TrimSuffix(line, "\r")
}

// value reads "name"=data or @=data; data may go on over several lines.
func (p *parser) value(line string) error {
	name, data, err := p.name(line)
	if err != nil {
		return err
	}
	data = strings.TrimSpace(data)
	switch {
	case data == "-":
		if p.key != nil {
			p.key.remove(name)
		}
		return nil
	case strings.HasPrefix(data, `"`):
		text, err := p.quoted(data)
		if err != nil {
			return fmt.Errorf("%s: %w", shown(line), err)
		}
		p.set(Value{Name: name, Kind: SZ, Text: text})
		return nil
	}
	kind, digits, err := valueKind(data)
	if err != nil {
		return fmt.Errorf("%s: %w", shown(line), err)
	}
	if strings.HasPrefix(data, "dword:") {
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 32)
		if err != nil {
			return fmt.Errorf("%s: a dword has 1 to 8 hexadecimal digits", shown(line))
		}
		p.set(decode(name, Dword, binary.LittleEndian.AppendUint32(nil, uint32(n)), false))
		return nil
	}
	bytes, err := p.hex(digits)
	if err != nil {
		return fmt.Errorf("%s: %w", shown(line), err)
	}
	p.set(decode(name, kind, bytes, p.ansi))
	return nil
}

func (p *parser) set(v Value) {
	if p.key != nil {
		p.key.Set(v)
	}
}

// name cuts the value's name off a line.
func (p *parser) name(line string) (name, data string, err error) {
	if rest, ok := strings.CutPrefix(line, "@"); ok {
		data, ok := strings.CutPrefix(strings.TrimSpace(rest), "=")
		if !ok {
			return "", "", errors.New("= is missing after @")
		}
		return "", data, nil
	}
	name, rest, ok := unquote(line[1:])
	if !ok {
		return "", "", fmt.Errorf("the name of a value has no closing quote: %s", shown(line))
	}
	data, ok = strings.CutPrefix(strings.TrimSpace(rest), "=")
	if !ok {
		return "", "", fmt.Errorf("= is missing after the name of a value: %s", shown(line))
	}
	return name, data, nil
}

// unquote reads up to the closing quote, or to the end where there is none; \\ and \" are the escapes.
func unquote(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '"'):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", false
}

// quoted reads a text, which regedit writes over several lines where it contains line ends.
func (p *parser) quoted(data string) (string, error) {
	var all strings.Builder
	for data = data[1:]; ; data = p.lines.physical() {
		text, rest, ok := unquote(data) // no escape goes over the end of a line
		all.WriteString(text)
		switch rest = strings.TrimSpace(rest); {
		case ok && rest != "" && rest[0] != ';':
			return "", errors.New(`something follows the closing quote: a quote within a text is written \"`)
		case ok:
			text, _, _ := strings.Cut(all.String(), "\x00")
			return text, nil
		case p.lines.rest == "" || all.Len() > 1<<20:
			return "", errors.New("the text has no closing quote")
		}
		all.WriteByte('\n')
	}
}

// valueKind reads the type before the colon: dword:, hex: or hex(N):, N being hexadecimal.
func valueKind(data string) (kind Kind, digits string, err error) {
	name, digits, ok := strings.Cut(data, ":")
	switch name = strings.ToLower(strings.TrimSpace(name)); {
	case !ok:
	case name == "dword":
		return Dword, digits, nil
	case name == "hex":
		return Binary, digits, nil
	case strings.HasPrefix(name, "hex(") && strings.HasSuffix(name, ")"):
		if n, err := strconv.ParseUint(name[4:len(name)-1], 16, 32); err == nil {
			return Kind(n), digits, nil
		}
	}
	return None, "", errors.New("its data must be a text in quotes, or begin with dword:, hex: or hex(N)")
}

// hex reads bytes such as 43,00,3a,\ of this line and those that a backslash adds to it.
func (p *parser) hex(digits string) ([]byte, error) {
	var data []byte
	for {
		line, _, _ := strings.Cut(digits, ";")
		line, more := strings.CutSuffix(strings.TrimSpace(line), `\`)
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			n, err := strconv.ParseUint(part, 16, 8)
			if err != nil {
				return nil, fmt.Errorf("line %d: a byte has two hexadecimal digits", p.lines.number)
			}
			data = append(data, byte(n))
		}
		if !more || p.lines.rest == "" {
			return data, nil
		}
		digits = p.lines.physical()
	}
}
