package unitfile

import "strings"

// Parse reads a unit file as far as comparing needs it: sections, keys, values, continued lines. Values stay as they
// are written.
func Parse(text string) Unit {
	var u Unit
	section, carried := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue // a comment within a continued line doesn't end it
		}
		if head, ok := strings.CutSuffix(line, `\`); ok {
			carried += head + " "
			continue
		}
		line, carried = carried+line, ""
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok {
			u = append(u, Directive{section, strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return u
}

// values maps "Section.Key" to all its values, in order; keys are in order of appearance.
func (u Unit) values() (keys []string, values map[string]string) {
	values = map[string]string{}
	for _, d := range u {
		name := d.Section + "." + d.Key
		if have, ok := values[name]; ok {
			values[name] = have + ", " + d.Value
			continue
		}
		keys = append(keys, name)
		values[name] = d.Value
	}
	return keys, values
}

// Difference is one setting that differs between two unit files.
type Difference struct {
	Setting string // "Service.RestartSec"
	From    string // empty where it wasn't set
	To      string // empty where it no longer is
}

// Diff lists what differs between two unit files; order and comments don't count.
func Diff(from, to Unit) []Difference {
	var list []Difference
	was, old := from.values()
	will, wanted := to.values()
	for _, name := range will {
		if have, ok := old[name]; !ok || have != wanted[name] {
			list = append(list, Difference{Setting: name, From: have, To: wanted[name]})
		}
	}
	for _, name := range was {
		if _, ok := wanted[name]; !ok {
			list = append(list, Difference{Setting: name, From: old[name]})
		}
	}
	return list
}
