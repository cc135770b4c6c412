package definition

import "strings"

// Control says who may talk to the running service, beside its own account and administrators.
type Control struct {
	// Readers are accounts and groups that see status, events, incidents and logs, and may give no order; at most 64, each once.
	// Which of them the machine has, package readers finds out: an unknown name keeps nothing from starting.
	Readers []string
}

// groupPrefix begins the name of a reader that is a group in any case, on Linux.
const groupPrefix = "group:"

// maxReaders bounds the access list that they are put on.
const maxReaders = 64

func (d *decoder) controlFields(c *Control) []field {
	return []field{{"readers", func(n *node) { c.Readers = d.readers(n) }}}
}

func (d *decoder) readers(n *node) []string {
	if n.kind == plainNode || n.kind == quotedNode {
		d.fail(n.pos, "must be a list: write [%s]", clip(n.text))
		return nil
	}
	var names []string
	seen := map[string]bool{}
	d.list(n, func(n *node) {
		name := d.line(n)
		switch {
		case name == "":
		case strings.TrimPrefix(name, groupPrefix) == "" || name != strings.TrimSpace(name) || strings.ContainsAny(name, ",\t\x00"):
			d.fail(n.pos, "must be the name of an account or a group, is %s", quote(name))
		case seen[name]:
			d.fail(n.pos, "%s stands here twice: remove one", quote(name))
		}
		seen[name] = true
		names = append(names, name)
	})
	if len(names) > maxReaders {
		d.fail(n.pos, "must be at most %d, are %d: make a group of them", maxReaders, len(names))
	}
	return names
}
