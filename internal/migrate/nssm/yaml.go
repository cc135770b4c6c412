package nssm

import (
	"fmt"
	"strings"
	"unicode"
)

// pair is one line of a map.
type pair struct{ key, value string }

// document is a definition in the making. "" and nil leave a field out.
type document struct {
	name, displayName, description, startType, account string
	dependsOn                                          []string

	program       string
	command       []string
	workingDir    string
	env           []pair
	restartPolicy string
	exitCodes     []pair
	backoff       []pair
	postStart     []string
	preStop       []string
	onResume      []string
	stopSignal    string
	grace         string
	nice          string
	affinity      string // a list in brackets
	logs          []pair
}

// write gives the YAML, with the remarks as comments at its head.
func (d *document) write(service string, remarks []Remark) []byte {
	var w writer
	w.comment("", "From the NSSM service "+printable(service)+", by daruma import nssm.")
	if len(remarks) > 0 {
		w.comment("", "What NSSM was told and this definition says otherwise, or can't say:")
		for _, r := range remarks {
			w.comment("  ", r.String())
		}
	}
	w.text(0, "name", d.name)
	w.text(0, "displayName", d.displayName)
	w.text(0, "description", d.description)
	w.text(0, "startType", d.startType)
	w.list(0, "dependsOn", d.dependsOn)
	w.text(0, "account", d.account)
	w.line(0, "programs:")
	w.line(1, scalar(d.program)+":")
	w.list(2, "command", d.command)
	w.text(2, "workingDir", d.workingDir)
	w.texts(2, "env", d.env)
	w.text(2, "restartPolicy", d.restartPolicy)
	w.plain(2, "exitCodes", d.exitCodes)
	w.plain(2, "backoff", d.backoff)
	if d.postStart != nil || d.preStop != nil || d.onResume != nil || d.stopSignal != "" {
		w.line(2, "lifecycle:")
		w.exec(3, "postStart", d.postStart)
		w.exec(3, "preStop", d.preStop)
		w.exec(3, "onResume", d.onResume)
		w.text(3, "stopSignal", d.stopSignal)
	}
	w.number(2, "terminationGracePeriodSeconds", d.grace)
	w.number(2, "nice", d.nice)
	if d.affinity != "" {
		w.line(2, "resources:")
		w.number(3, "affinity", d.affinity)
	}
	w.plain(2, "logs", d.logs)
	return []byte(w.String())
}

// writer writes block style, one element a line, which reads and compares well.
type writer struct{ strings.Builder }

func (w *writer) line(indent int, s string) {
	fmt.Fprintf(w, "%s%s\n", strings.Repeat("  ", indent), s)
}

// comment breaks s at blanks, so that lines stay within 118 characters; indent begins all but the first.
func (w *writer) comment(indent, s string) {
	const most = 118
	line := "#"
	if indent != "" {
		line = "# -"
	}
	for word := range strings.FieldsSeq(s) {
		if len(line)+1+len(word) > most && line != "#"+indent {
			w.line(0, line)
			line = "#" + indent
		}
		line += " " + word
	}
	w.line(0, line)
}

func (w *writer) text(indent int, key, value string) {
	if value != "" {
		w.line(indent, key+": "+scalar(value))
	}
}

func (w *writer) number(indent int, key, value string) {
	if value != "" {
		w.line(indent, key+": "+value)
	}
}

func (w *writer) list(indent int, key string, items []string) {
	if len(items) == 0 {
		return
	}
	w.line(indent, key+":")
	for _, item := range items {
		w.line(indent, "- "+scalar(item))
	}
}

func (w *writer) texts(indent int, key string, pairs []pair) {
	if len(pairs) == 0 {
		return
	}
	w.line(indent, key+":")
	for _, p := range pairs {
		w.line(indent+1, scalar(p.key)+": "+scalar(p.value))
	}
}

// plain is a map of numbers and words that need no quotes.
func (w *writer) plain(indent int, key string, pairs []pair) {
	if len(pairs) == 0 {
		return
	}
	w.line(indent, key+":")
	for _, p := range pairs {
		w.line(indent+1, p.key+": "+p.value)
	}
}

func (w *writer) exec(indent int, key string, command []string) {
	if len(command) == 0 {
		return
	}
	w.line(indent, key+":")
	w.line(indent+1, "exec:")
	w.list(indent+2, "command", command)
}

// scalar writes s so that YAML reads it as that very text: as it is where nothing in it means anything to YAML, in single
// quotes where it is printable, else in double quotes with escapes.
func scalar(s string) string {
	printable, harmless := true, s != ""
	for i, r := range s {
		switch {
		case !unicode.IsPrint(r) || r == 0xFFFD || r == 0xFEFF:
			printable = false
		case unicode.IsLetter(r) || r == '_':
		case r == ' ' && i > 0 && i < len(s)-1:
		case i > 0 && (unicode.IsDigit(r) || strings.ContainsRune(`.-/\=+()`, r)):
		case i > 0 && r == ':' && i+1 < len(s) && s[i+1] == '\\': // C:\
		default:
			harmless = false
		}
	}
	switch {
	case printable && harmless && !word(s):
		return s
	case printable:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r) && r != 0xFEFF:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// word reports whether s means something else than itself in YAML 1.1 or 1.2.
func word(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}
