package nssm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxRegSize is the size in bytes that a .reg file may have; all services of a machine take a tenth of it.
const MaxRegSize = 256 << 20

// Headers of .reg files. Source:
// https://support.microsoft.com/en-us/topic/how-to-add-modify-or-delete-registry-subkeys-and-values-by-using-a-reg-file-9c7f37cf-a5e9-e1cd-c4fa-2a26218a1a23
const (
	header5 = "Windows Registry Editor Version 5.00"
	header4 = "REGEDIT4"
)

// ParseReg reads a .reg file, as regedit and reg export write it (UTF-16LE, and the older REGEDIT4 in ANSI) or as
// editors save it again (UTF-8), and gives the services in it, sorted by name; keys that belong to no service are passed
// over. An error names the line, counted from 1.
func ParseReg(data []byte) ([]Service, error) {
	if len(data) > MaxRegSize {
		return nil, fmt.Errorf("is larger than %d MiB: export the key of the service alone", MaxRegSize>>20)
	}
	text, err := regText(data)
	if err != nil {
		return nil, err
	}
	p := parser{lines: lines{rest: text}, root: NewKey("")}
	if err := p.header(); err != nil {
		return nil, err
	}
	for p.lines.next() {
		if err := p.line(); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.lines.start, err)
		}
	}
	return services(p.root), nil
}

// regText decodes the file by its byte order mark, or by its looks where there is none.
func regText(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return fromUTF16(data[2:], binary.LittleEndian), nil
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return fromUTF16(data[2:], binary.BigEndian), nil
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		data = data[3:]
	case len(data) > 1 && data[0] != 0 && data[1] == 0: // an editor has lost the mark
		return fromUTF16(data, binary.LittleEndian), nil
	case len(bytes.TrimSpace(data)) == 0:
		return "", errors.New("is empty")
	}
	if utf8.Valid(data) {
		return string(data), nil
	}
	return fromANSI(data), nil
}

// parser reads a .reg file into a tree of keys.
type parser struct {
	lines lines
	root  *Key
	key   *Key // that values go to; nil: in a key that is of no interest
	ansi  bool // texts in hex are ANSI
}

func (p *parser) header() error {
	for p.lines.next() {
		switch line := strings.TrimSpace(p.lines.text); {
		case line == "" || line[0] == ';':
		case line == header5:
			return nil
		case line == header4:
			p.ansi = true
			return nil
		default:
			return fmt.Errorf("line %d: a .reg file begins with %q or %q: export it with regedit, or with reg export", p.lines.start, header5, header4)
		}
	}
	return fmt.Errorf("has no header: a .reg file begins with %q", header5)
}

func (p *parser) line() error {
	line := strings.TrimSpace(p.lines.text)
	switch {
	case line == "" || line[0] == ';':
		return nil
	case line[0] == '[':
		return p.section(line)
	case line[0] == '@' || line[0] == '"':
		return p.value(line)
	}
	return fmt.Errorf("neither a key in [ ] nor a value: %s", shown(line))
}

// section begins a key: [KEY], or [-KEY], which deletes it.
func (p *parser) section(line string) error {
	end := strings.LastIndexByte(line, ']')
	if end < 0 {
		return fmt.Errorf("the key has no ] at its end: %s", shown(line))
	}
	path, deleted := strings.CutPrefix(line[1:end], "-")
	p.key = nil
	names := servicePath(path)
	if names == nil {
		return nil
	}
	last := len(names) - 1
	key := p.root
	for _, name := range names[:last] {
		key = key.Make(name)
	}
	key.removeIf(names[last], deleted)
	if !deleted {
		p.key = key.Make(names[last])
	}
	return nil
}

func (k *Key) removeIf(name string, deleted bool) {
	if deleted {
		k.removeSub(name)
	}
}

// servicePath gives what follows Services\ in path, the control set's name first; nil where path isn't that of a service.
func servicePath(path string) []string {
	parts := strings.Split(path, `\`)
	if len(parts) < 5 || !strings.EqualFold(parts[0], "HKEY_LOCAL_MACHINE") && !strings.EqualFold(parts[0], "HKLM") ||
		!strings.EqualFold(parts[1], "SYSTEM") || !strings.EqualFold(parts[3], "Services") {
		return nil
	}
	set := strings.ToLower(parts[2])
	if set != "currentcontrolset" && !strings.HasPrefix(set, "controlset0") {
		return nil
	}
	for _, name := range parts[4:] {
		if name == "" {
			return nil
		}
	}
	return append([]string{set}, parts[4:]...)
}

// shown is a line for an error, without what might be a secret: the part before the equals sign, or its first word.
func shown(line string) string {
	name, _, ok := strings.Cut(line, "=")
	if !ok {
		name, _, _ = strings.Cut(line, " ")
	}
	if r := []rune(name); len(r) > 40 {
		name = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", name)
}
