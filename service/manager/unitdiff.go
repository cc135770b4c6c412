package manager

import "strings"

// parseUnit reads a unit file as far as comparing needs it: sections, keys, values, continued lines. Values stay as they
// are written.
func parseUnit(text string) unit {
	var u unit
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
			u = append(u, directive{section, strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return u
}

// values maps "Section.Key" to all its values, in order; keys are in order of appearance.
func (u unit) values() (keys []string, values map[string]string) {
	values = map[string]string{}
	for _, d := range u {
		name := d.section + "." + d.key
		if have, ok := values[name]; ok {
			values[name] = have + ", " + d.value
			continue
		}
		keys = append(keys, name)
		values[name] = d.value
	}
	return keys, values
}

// diffUnits lists what differs between two unit files; order and comments don't count.
func diffUnits(from, to unit) []Change {
	var changes []Change
	was, old := from.values()
	will, wanted := to.values()
	for _, name := range will {
		if have, ok := old[name]; !ok || have != wanted[name] {
			changes = append(changes, Change{Setting: name, From: have, To: wanted[name]})
		}
	}
	for _, name := range was {
		if _, ok := wanted[name]; !ok {
			changes = append(changes, Change{Setting: name, From: old[name]})
		}
	}
	return changes
}
