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
	by      []byte                      // with $1 for what the first group matched
	within  func(match []byte) [][2]int // which parts of a match are taken out; nil: all of it
	keys    *keyPatterns                // it is privateKey, see [Lines]
	may     func(text []byte) bool      // nil, or false where the pattern matches nothing: most lines have no secret, and a pattern takes 100 ns a byte
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
			`(?i)((?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|token)(?:\\*["'])?\s*[:=]\s*)`+
				`(?:\\"(?:[^"\\]|\\\\\\"|\\[^"])*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&"'})\]]+)`, `${1}`+Mask),
		"authorization": rule(hasWord("bearer", "basic"), `(?i)(\b(?:bearer|basic)\s+)[a-z0-9._~+/-]{8,}=*`, `${1}`+Mask),
		"urlPassword":   rule(has("://"), `(\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/]+@`, `${1}`+Mask+`@`),
		"jwt":           rule(has("eyJ"), `\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*`, Mask),
		"privateKey": {pattern: regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`),
			by: []byte(Mask), may: has("PRIVATE KEY"), keys: newKeyPatterns()},
		"email":      rule(has("@"), `\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b`, Mask),
		"cardNumber": {pattern: regexp.MustCompile(`\b\d(?:[ -]?\d){12,}\b`), by: []byte(Mask), within: cards, may: hasDigits},
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

// mostDigits is what a card's number has at most, and leastDigits at least.
const leastDigits, mostDigits = 13, 19

// cards finds the numbers of cards in digits with single spaces and dashes between them. All of them may be one; and where other numbers stand
// before or behind it, a time or an amount, one that is written in groups as cards have it.
func cards(digits []byte) (found [][2]int) {
	var groups [][2]int
	count := 0
	for i, c := range digits {
		if c < '0' || c > '9' {
			continue
		}
		if count++; i == 0 || digits[i-1] < '0' || digits[i-1] > '9' {
			groups = append(groups, [2]int{i, i})
		}
		groups[len(groups)-1][1] = i + 1
	}
	if count <= mostDigits && luhn(digits) {
		return [][2]int{{0, len(digits)}}
	}
	for i := 0; i < len(groups); {
		n := 0
		for n = min(5, len(groups)-i); n > 0; n-- {
			if part := digits[groups[i][0]:groups[i+n-1][1]]; isGrouped(groups[i:i+n]) && luhn(part) {
				found = append(found, [2]int{groups[i][0], groups[i+n-1][1]})
				break
			}
		}
		i += max(n, 1)
	}
	return found
}

// isGrouped tells whether groups of digits are as on a card: in one piece, in fours, or 4-6-5 and 4-6-4.
func isGrouped(groups [][2]int) bool {
	size := func(i int) int { return groups[i][1] - groups[i][0] }
	switch n := len(groups); n {
	case 1:
		return size(0) >= leastDigits && size(0) <= mostDigits
	case 3:
		return size(0) == 4 && size(1) == 6 && (size(2) == 4 || size(2) == 5)
	case 4, 5:
		for i := range n - 1 {
			if size(i) != 4 {
				return false
			}
		}
		return size(n-1) <= 4 && 4*(n-1)+size(n-1) <= mostDigits
	}
	return false
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
		parts := [][2]int{{0, m[1] - m[0]}}
		if r.within != nil {
			parts = r.within(text[m[0]:m[1]])
		}
		for _, part := range parts {
			out = append(out, text[from:m[0]+part[0]]...)
			out = r.pattern.Expand(out, r.by, text, m)
			from = m[0] + part[1]
		}
	}
	return append(out, text[from:]...)
}
