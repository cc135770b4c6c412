package nssm

import (
	"slices"
	"strings"
)

// text is a text of Unicode characters in which negative elements stand for variables: -1 is the first of the
// environment's list, and so on. So a command line can be split although the values of variables aren't known yet.
type text []rune

func literal(s string) text { return text([]rune(s)) }

// trim takes blanks and tabs off both ends.
func (t text) trim() text {
	for len(t) > 0 && (t[0] == ' ' || t[0] == '\t') {
		t = t[1:]
	}
	for len(t) > 0 && (t[len(t)-1] == ' ' || t[len(t)-1] == '\t') {
		t = t[:len(t)-1]
	}
	return t
}

// unquoted takes a pair of quotes around all of t away.
func (t text) unquoted() text {
	t = t.trim()
	if len(t) > 1 && t[0] == '"' && t[len(t)-1] == '"' && !slices.Contains(t[1:len(t)-1], '"') {
		return t[1 : len(t)-1]
	}
	return t
}

// environment resolves %VAR% the way NSSM does: what an earlier line of its own block has set is known and put in place;
// everything else is looked up when the service starts.
type environment struct {
	own     []variable
	outside []string       // names, in the order in which they were met
	strange []string       // names that a definition has no way to write
	known   map[string]int // by lower-case name: n ≥ 0 is own[n], -1 is outside[0], -2 is outside[1] and so on
	size    int            // elements of all texts of own
	cut     bool           // a text became longer than Windows takes
}

// maxText is the length in characters that a command line and a variable may have. Source:
// https://learn.microsoft.com/en-us/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessw
const maxText = 32767

// variable is one line of the program's environment.
type variable struct {
	name  string
	value text
}

// set adds a variable; one of the same name, whatever its case, is replaced.
func (e *environment) set(name string, value text) {
	const mostSize = 1 << 20 // Windows takes 32,767 characters for all variables
	if e.size += len(value); e.size > mostSize {
		e.cut = true
		return
	}
	if e.known == nil {
		e.known = map[string]int{}
	}
	lower := strings.ToLower(name)
	if i, ok := e.known[lower]; ok && i >= 0 {
		e.own[i].value = value
		return
	}
	e.known[lower] = len(e.own)
	e.own = append(e.own, variable{name, value})
}

// expand replaces %VAR% as ExpandEnvironmentStrings does: a lone % stays, and so does the name of a variable that isn't
// set, which is known only at the start.
func (e *environment) expand(s string) text {
	var out text
	for !e.cut {
		before, after, ok := strings.Cut(s, "%")
		out = append(out, []rune(before)...)
		if len(out) > maxText { // variables that double one another would fill the memory
			e.cut = true
			return out[:maxText]
		}
		if !ok {
			return out
		}
		name, rest, ok := strings.Cut(after, "%")
		if !ok || name == "" {
			out = append(out, '%')
			s = after
			continue
		}
		out = append(out, e.lookup(name)...)
		s = rest
	}
	return nil // nothing of it will be used
}

func (e *environment) lookup(name string) text {
	lower := strings.ToLower(name)
	i, ok := e.known[lower]
	switch {
	case ok && i >= 0:
		return e.own[i].value
	case ok:
		return text{rune(i)}
	case !isVariable(name):
		const mostNames = 20 // enough for a remark
		if len(e.strange) < mostNames && !slices.Contains(e.strange, name) {
			e.strange = append(e.strange, name)
		}
		return literal("%" + name + "%")
	}
	e.outside = append(e.outside, name)
	if e.known == nil {
		e.known = map[string]int{}
	}
	e.known[lower] = -len(e.outside)
	return text{rune(-len(e.outside))}
}

// isVariable reports whether a definition can say ${name}.
func isVariable(name string) bool {
	return name[0] > '9' && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()") == ""
}

// write gives t as a definition has it, with ${VAR:-…} for variables and $$ for $.
func (e *environment) write(t text) string {
	var b strings.Builder
	for _, r := range t {
		switch {
		case r < 0:
			b.WriteString(reference(e.outside[-1-r]))
		case r == '$':
			b.WriteString("$$")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// reference is ${VAR} with what holds where it isn't set: Windows' usual folder where there is one, else, as Windows
// does it, the text %VAR% itself.
func reference(name string) string {
	if strings.EqualFold(name, "Path") {
		return "${PATH}"
	}
	fallback, ok := usual(name)
	if !ok {
		fallback = "%" + name + "%"
	}
	return "${" + name + ":-" + fallback + "}"
}

// usual is what a variable is on nearly every Windows machine, whatever the account.
func usual(name string) (value string, ok bool) {
	switch strings.ToLower(name) {
	case "systemroot", "windir":
		return `C:\Windows`, true
	case "systemdrive":
		return `C:`, true
	case "programfiles", "programw6432":
		return `C:\Program Files`, true
	case "programfiles(x86)":
		return `C:\Program Files (x86)`, true
	case "commonprogramfiles", "commonprogramw6432":
		return `C:\Program Files\Common Files`, true
	case "programdata", "allusersprofile":
		return `C:\ProgramData`, true
	case "comspec":
		return `C:\Windows\System32\cmd.exe`, true
	}
	return "", false
}
