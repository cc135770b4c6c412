package redact

import (
	"bytes"
	"regexp"
)

// mostKeyLines is how many lines a private key has at most: one of RSA with 16384 bits has 200. What is no key doesn't hide more than that.
const mostKeyLines = 250

// Lines takes secrets out of texts that follow one another, one of [Rule] privateKey too where each of its lines is a text of its own. The zero
// value is before the first text. It is a number, so that whoever goes on later can keep it.
//
// It is how many lines the key in which the last text ended may have yet; 0: it ended in none. A negative one counts those of what may be a key: its
// beginning stood in a line with something behind it, as loggers write it. Then a line that is one word may be anything, and stays.
type Lines int

// keyPatterns find the lines of a key.
type keyPatterns struct {
	begin, end *regexp.Regexp
	line       *regexp.Regexp // of a key, or of what stands before its text (RFC 7468, RFC 1421)
	part       *regexp.Regexp // what can be one in a line with something else, such as the time that a logger puts before each line
}

func newKeyPatterns() *keyPatterns {
	return &keyPatterns{
		begin: regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
		end:   regexp.MustCompile(`-----END [A-Z ]*PRIVATE KEY-----`),
		line:  regexp.MustCompile(`^\s*(?:[A-Za-z0-9+/=]+|Proc-Type:.*|DEK-Info:.*)\s*$`),
		part:  regexp.MustCompile(`(?:[A-Za-z0-9+/]|\\/){32,}=*`), // PHP's JSON has \/ for /
	}
}

// Apply gives the text without what the rules take out: the text itself where there is nothing.
func (l *Lines) Apply(rules []Rule, text []byte) []byte {
	var keys *keyPatterns
	for i := range rules {
		if rules[i].keys != nil {
			keys = rules[i].keys
		}
	}
	if keys == nil {
		return Apply(rules, text)
	}
	begins := Lines(0)
	if bytes.Contains(text, []byte("PRIVATE KEY")) {
		begins = keys.endsWithin(text)
	}
	if *l != 0 {
		text = l.goOn(keys, text)
	}
	switch {
	case begins < 0 && *l > 0:
		*l = mostKeyLines // it may be within the one that surely is a key
	case begins != 0:
		*l = begins
	}
	return Apply(rules, text)
}

// endsWithin tells whether the text goes on in the next one with a key that begins in this one. A sentence in which the words stand may not.
func (k *keyPatterns) endsWithin(text []byte) Lines {
	begins := k.begin.FindAllIndex(text, -1)
	if len(begins) == 0 {
		return 0
	}
	rest := text[begins[len(begins)-1][1]:]
	first, _, _ := bytes.Cut(rest, []byte("\n"))
	switch {
	case k.end.Match(rest):
		return 0
	case len(bytes.TrimSpace(first)) == 0, k.part.Match(first):
		return mostKeyLines
	}
	return -mostKeyLines
}

// goOn takes the rest of a key, or of what may be one, out of a text.
func (l *Lines) goOn(k *keyPatterns, text []byte) []byte {
	sure, end := *l > 0, k.end.FindIndex(text)
	rest := []byte(nil)
	if end != nil {
		text, rest = text[:end[1]], text[end[1]:]
	}
	var out []byte
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		if i > 0 {
			out = append(out, '\n')
		}
		switch {
		case *l == 0:
			out = append(out, line...)
			continue
		case sure && k.line.Match(line):
			out = append(out, Mask...)
		case end != nil && i == len(lines)-1:
			before := k.end.FindIndex(line)[0]
			out = append(append(out, k.part.ReplaceAll(line[:before], []byte(Mask))...), Mask...)
		default:
			out = append(out, k.part.ReplaceAll(line, []byte(Mask))...)
		}
		if sure {
			*l--
		} else {
			*l++
		}
	}
	if end != nil {
		*l = 0
	}
	return append(out, rest...)
}
