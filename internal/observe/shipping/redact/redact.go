// Package redact takes out of texts what must not leave the machine: passwords, tokens, numbers of cards.
package redact

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
)

// Mask is what stands for what was taken out.
const Mask = "***"

// Rule is what is taken out, and what stands for it.
type Rule struct {
	pattern *regexp.Regexp
	by      []byte // with $1 for what the first group matched
	valid   func(match []byte) bool
	may     func(text []byte) bool // nil, or false where the pattern matches nothing: most lines have no secret, and a pattern takes 100 ns a byte
}

// Pattern gives the rule of a pattern of one's own (RE2, as in Go). by may have $1, ${name} for its groups.
func Pattern(pattern, by string) (Rule, error) {
	p, err := regexp.Compile(pattern)
	return Rule{pattern: p, by: []byte(by)}, err
}

// known are the patterns that have a name here. What stands before a secret and says what it is stays.
func known() map[string]Rule {
	rule := func(may func([]byte) bool, pattern, by string) Rule {
		return Rule{pattern: regexp.MustCompile(pattern), by: []byte(by), may: may}
	}
	return map[string]Rule{
		"password": rule(hasWord("pass", "pwd", "secret", "key", "token"),
			`(?i)((?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|token)["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&"'})\]]+)`, `${1}`+Mask),
		"authorization": rule(hasWord("bearer", "basic"), `(?i)(\b(?:bearer|basic)\s+)[a-z0-9._~+/-]{8,}=*`, `${1}`+Mask),
		"urlPassword":   rule(has("://"), `(\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@`, `${1}`+Mask+`@`),
		"jwt":           rule(has("eyJ"), `\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*`, Mask),
		"privateKey":    rule(has("PRIVATE KEY"), `(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`, Mask),
		"email":         rule(has("@"), `\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b`, Mask),
		"cardNumber":    {pattern: regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`), by: []byte(Mask), valid: luhn, may: hasDigits},
	}
}

func has(part string) func([]byte) bool {
	return func(text []byte) bool { return bytes.Contains(text, []byte(part)) }
}

// hasWord looks for words of the letters a to z, in capitals or not.
func hasWord(words ...string) func([]byte) bool {
	var first [256]bool
	for _, w := range words {
		first[w[0]], first[w[0]-'a'+'A'] = true, true
	}
	return func(text []byte) bool {
		for i, c := range text {
			if !first[c] {
				continue
			}
			for _, w := range words {
				if rest := text[i:]; len(rest) >= len(w) && bytes.EqualFold(rest[:len(w)], []byte(w)) {
					return true
				}
			}
		}
		return false
	}
}

// hasDigits tells whether 13 digits stand in a row, with a space or dash between them.
func hasDigits(text []byte) bool {
	n, between := 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if n, between = n+1, 0; n == 13 {
				return true
			}
		case c == ' ' || c == '-':
			if between++; between > 1 {
				n = 0
			}
		default:
			n = 0
		}
	}
	return false
}

// Names lists the patterns that [Known] has.
func Names() []string { return slices.Sorted(maps.Keys(known())) }

// Known gives the rule of this name; false: there is none.
func Known(name string) (Rule, bool) {
	r, ok := known()[name]
	return r, ok
}

// luhn tells whether digits, with spaces and dashes between them, have the check digit of a card's number (ISO/IEC 7812-1).
func luhn(number []byte) bool {
	sum, double := 0, false
	for _, c := range slices.Backward(number) {
		if c < '0' || c > '9' {
			continue
		}
		d := int(c - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}

// Apply gives the text without what the rules take out: the text itself where there is nothing.
func Apply(rules []Rule, text []byte) []byte {
	for i := range rules {
		if may := rules[i].may; may != nil && !may(text) {
			continue
		}
		if matches := rules[i].pattern.FindAllSubmatchIndex(text, -1); matches != nil {
			text = rules[i].replace(text, matches)
		}
	}
	return text
}

func (r *Rule) replace(text []byte, matches [][]int) []byte {
	out, from := make([]byte, 0, len(text)), 0
	for _, m := range matches {
		if r.valid != nil && !r.valid(text[m[0]:m[1]]) {
			continue
		}
		out = append(out, text[from:m[0]]...)
		out = r.pattern.Expand(out, r.by, text, m)
		from = m[1]
	}
	return append(out, text[from:]...)
}
