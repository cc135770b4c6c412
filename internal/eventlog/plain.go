package eventlog

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
			reason = strings.ReplaceAll(reason, s, "***")
		}
	}
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	return strings.TrimSuffix(reason, ".")
}

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
