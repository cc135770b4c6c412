package definition

import (
	"strings"
	"unicode/utf8"
)

// expanded gives the text of n, not empty, with ${VAR} and ${VAR:-default} replaced; $$ is a literal $, and a $ before
// anything else stays. It is used for: command and exec.command, the values of env, workingDir, envFiles,
// listen.address and the ports of probes and hooks. What comes out of a variable isn't expanded again, and no error ever shows it.
func (d *decoder) expanded(n *node) string {
	return d.expand(n, d.str(n))
}

// expand replaces the variables in s, the text of n.
func (d *decoder) expand(n *node, s string) string {
	if !strings.Contains(s, "$") {
		return s
	}
	var out strings.Builder
	for at := 0; at < len(s); {
		i := strings.IndexByte(s[at:], '$')
		if i < 0 {
			out.WriteString(s[at:])
			break
		}
		out.WriteString(s[at : at+i])
		at += i
		switch {
		case strings.HasPrefix(s[at:], "$$"):
			out.WriteByte('$')
			at += 2
		case strings.HasPrefix(s[at:], "${"):
			value, size, msg := d.variable(s[at:])
			if msg != "" {
				d.fail(n.column(s, at), "%s", msg)
				return ""
			}
			out.WriteString(value)
			at += size
		default:
			out.WriteByte('$')
			at++
		}
	}
	return out.String()
}

// variable resolves the ${…} that s begins with; size is its length in s.
func (d *decoder) variable(s string) (value string, size int, msg string) {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", 0, "${ has no closing }: for a literal ${ write $${"
	}
	inner := s[2:end]
	name, fallback, hasFallback := strings.Cut(inner, ":-")
	switch {
	case strings.Contains(inner, "${"):
		return "", 0, "a variable can't stand inside of another ${…}"
	case !isVariable(name):
		return "", 0, quote(name) + " can't be the name of a variable: write ${VAR} or ${VAR:-default}; for a literal ${ write $${"
	}
	value, set := d.env(name)
	switch {
	case hasFallback && value == "":
		value = fallback
	case !set && !hasFallback:
		return "", 0, "the variable " + clip(name) + " isn't set: set it, or write ${" + clip(name) + ":-default}"
	}
	if strings.IndexByte(value, 0) >= 0 {
		return "", 0, "the variable " + clip(name) + " contains a NUL character"
	}
	return value, end + 1, ""
}

// isVariable: letters, digits and _, not a digit first. Windows has names such as ProgramFiles(x86).
func isVariable(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	return only(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()")
}

// column is where the byte at offset i of s, the text of n, stands; n's own place where that isn't certain.
func (n *node) column(s string, i int) Position {
	if !n.exact || strings.Contains(s[:i], "\n") {
		return n.pos
	}
	column := n.pos.Column + utf8.RuneCountInString(s[:i])
	if n.kind == quotedNode {
		column++
	}
	return Position{Line: n.pos.Line, Column: column}
}
