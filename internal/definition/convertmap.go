package definition

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// mapping converts the entries of a map: no key twice, merge keys resolved, own keys before merged ones.
func (c *converter) mapping(values []*ast.MappingValueNode, pos Position) *node {
	m := &node{kind: mapNode, pos: pos, entries: make([]entry, 0, len(values))}
	seen := make(map[string]Position, len(values))
	type source struct {
		node *node
		at   Position
	}
	var merges []source
	for _, v := range values {
		key, at := c.key(v.Key)
		if c.problem != nil {
			return m
		}
		if first, twice := seen[key]; twice {
			c.note(at, "the key %s stands here a second time, the first is in line %d: remove one", quote(key), first.Line)
			continue
		}
		seen[key] = at
		value := c.convert(v.Value)
		if v.Key.IsMergeKey() {
			merges = append(merges, source{value, at})
			continue
		}
		m.entries = append(m.entries, entry{key: key, pos: at, value: value})
	}
	for _, from := range merges {
		c.merge(m, from.node, from.at, seen)
	}
	return m
}

// key gives the text of a key: only scalars can be one.
func (c *converter) key(k ast.MapKeyNode) (string, Position) {
	tk := k.GetToken()
	at := position(tk)
	switch n := k.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MappingKeyNode:
		c.fail(at, "a key must be plain text, without anchor, alias or tag")
	case *ast.NullNode:
		if n.Token.Type == token.ImplicitNullType {
			c.fail(at, "a key is missing before the colon")
		}
	}
	return tk.Value, at
}

// merge adds the entries of <<: from to m, where m doesn't have them already. from is a map or a list of maps, of
// which the earlier ones win; at is where << stands.
func (c *converter) merge(m, from *node, at Position, seen map[string]Position) {
	switch from.kind {
	case mapNode:
		for _, e := range from.entries {
			if c.nodes++; c.nodes > maxNodes {
				c.fail(m.pos, "is too large: more than %d values, merged ones included", maxNodes)
				return
			}
			if _, own := seen[e.key]; own {
				continue
			}
			seen[e.key] = e.pos
			e.merged = true
			m.entries = append(m.entries, e)
		}
	case listNode:
		for _, item := range from.items {
			if item.kind != mapNode {
				c.notMergeable(item, at)
				continue
			}
			c.merge(m, item, at, seen)
		}
	default:
		c.notMergeable(from, at)
	}
}

func (c *converter) notMergeable(n *node, at Position) {
	if n.kind != brokenNode {
		c.note(at, "<< merges maps only (<<: *name, or a list of such aliases), and not %s", n.describe())
	}
}
