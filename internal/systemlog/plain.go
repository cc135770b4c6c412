package systemlog

import (
	"strconv"
	"strings"
)

// maxReason bounds a reason in the system's log, in bytes.
const maxReason = 1000

// least is how long a secret must be at least. Shorter ones (a port, "-v") would turn every reason into asterisks.
const least = 4

// Plain makes of a reason what every reader of the system's log may see: in one line, without what programs answered (which stands in
// quotes), without the queries of addresses, and with *** in the place of each of the secrets: the program's arguments and the
// values of its environment.
func Plain(reason string, secrets []string) string {
	reason = strings.Join(strings.Fields(withoutQuoted(reason)), " ")
	reason = withoutQueries(reason)
	for _, s := range secrets {
		if len(s) >= least {
			reason = without(reason, s)
		}
	}
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	return strings.TrimSuffix(reason, ".")
}

// without puts *** in the place of a secret; one of letters alone must stand alone, else "true" would be found in "untrue".
func without(text, secret string) string {
	if !Word(strings.ToLower(secret)) {
		return strings.ReplaceAll(text, secret, "***")
	}
	var b strings.Builder
	for {
		i := strings.Index(text, secret)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(secret)
		if i > 0 && letter(text[i-1]) || end < len(text) && letter(text[end]) {
			b.WriteString(text[:end])
		} else {
			b.WriteString(text[:i] + "***")
		}
		text = text[end:]
	}
}

// Word tells whether s is a word of small letters, as of a language.
func Word(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// withoutQuoted empties quoted texts, which are quoted as Go does it.
func withoutQuoted(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		b.WriteString(`"…"`)
		quoted, err := strconv.QuotedPrefix(text[i:])
		if err != nil { // not closed: nobody knows where it ends
			return b.String()
		}
		text = text[i+len(quoted):]
	}
}

// withoutQueries cuts what follows the question mark of an address.
func withoutQueries(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		if address, _, ok := strings.Cut(word, "?"); ok && strings.Contains(address, "/") {
			words[i] = address + "?…"
		}
	}
	return strings.Join(words, " ")
}
