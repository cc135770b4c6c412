package definition

// kind is what a node is in YAML.
type kind uint8

const (
	emptyNode  kind = iota // nothing, or null
	plainNode              // a scalar without quotes: its text decides whether it is a number, true, false or text
	quotedNode             // a scalar in quotes, or a block of text
	mapNode
	listNode
	brokenNode // already reported
)

// node is one value of the file: the YAML library's tree without what this package has no use for, with aliases and
// merge keys resolved (aliased nodes are shared, so a tree is never larger than its file).
type node struct {
	kind    kind
	exact   bool // text stands in the file exactly so, begin at pos: offsets in it are columns
	pos     Position
	text    string  // of a scalar
	entries []entry // of a map, in file order, merged ones last
	items   []*node // of a list
}

// entry is one key of a map and its value.
type entry struct {
	key    string
	pos    Position // of the key
	merged bool     // comes from <<
	value  *node
}

// get is the entry with this key, or nil.
func (n *node) get(key string) *entry {
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}

// describe says what a node is, for "must be …, is …".
func (n *node) describe() string {
	switch n.kind {
	case emptyNode:
		return "empty"
	case mapNode:
		return "a map"
	case listNode:
		return "a list"
	case quotedNode:
		return "the text " + quote(n.text)
	}
	switch classify(n.text) {
	case integerText, floatText:
		return "the number " + clip(n.text)
	case boolText:
		return n.text
	}
	return "the text " + quote(n.text)
}
