package definition

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxNodes bounds what aliases and merge keys can multiply a file to.
const maxNodes = 2_000_000

// converter makes nodes of the YAML library's tree. After a problem that ends the conversion it does nothing more.
type converter struct {
	anchors map[string]*node // those whose value is complete
	open    []string         // those whose value is being converted
	nodes   int
	last    *Position
	problem *Error // that ended the conversion
	found   Errors // those after which the rest can be read
}

// note adds a problem after which the rest can still be read.
func (c *converter) note(pos Position, format string, args ...any) {
	if len(c.found) < maxErrors {
		c.found = append(c.found, Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
	}
}

// fail ends the conversion with a problem.
func (c *converter) fail(pos Position, format string, args ...any) *node {
	if c.problem == nil {
		c.problem = &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}
	}
	return &node{pos: pos}
}

func (c *converter) convert(from ast.Node) *node {
	if c.problem != nil || from == nil {
		return &node{}
	}
	pos := position(from.GetToken())
	*c.last = pos
	if c.nodes++; c.nodes > maxNodes {
		return c.fail(pos, "is too large: more than %d values, merged ones included", maxNodes)
	}
	switch n := from.(type) {
	case *ast.MappingNode:
		return c.mapping(n.Values, mapPosition(n, pos))
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{n}, position(n.Key.GetToken()))
	case *ast.SequenceNode:
		list := &node{kind: listNode, pos: pos}
		for _, item := range n.Values {
			list.items = append(list.items, c.convert(item))
		}
		return list
	case *ast.AnchorNode:
		return c.anchor(n, pos)
	case *ast.AliasNode:
		return c.alias(n, pos)
	case *ast.LiteralNode:
		return &node{kind: quotedNode, pos: pos, text: n.Value.Value}
	case *ast.NullNode:
		return &node{pos: pos}
	case ast.ScalarNode:
		return c.scalar(n.GetToken(), pos)
	}
	return c.fail(pos, "can't be used here: a definition has maps, lists and values only")
}

// mapPosition is where a map begins: its first key, or its {.
func mapPosition(n *ast.MappingNode, pos Position) Position {
	if !n.IsFlowStyle && len(n.Values) > 0 {
		return position(n.Values[0].Key.GetToken())
	}
	return pos
}

func (c *converter) scalar(tk *token.Token, pos Position) *node {
	n := &node{kind: plainNode, pos: pos, text: tk.Value}
	origin := strings.TrimSpace(tk.Origin)
	switch tk.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		n.kind = quotedNode
		n.exact = len(origin) == len(n.text)+2 && origin[1:len(origin)-1] == n.text
	default:
		n.exact = origin == n.text
	}
	return n
}

func (c *converter) anchor(n *ast.AnchorNode, pos Position) *node {
	name := n.Name.GetToken().Value
	c.open = append(c.open, name)
	value := c.convert(n.Value)
	c.open = c.open[:len(c.open)-1]
	if value.kind == emptyNode && value.pos == (Position{}) {
		value.pos = pos
	}
	c.anchors[name] = value
	return value
}

func (c *converter) alias(n *ast.AliasNode, pos Position) *node {
	name := n.Value.GetToken().Value
	for _, open := range c.open {
		if open == name {
			return c.fail(pos, "the alias *%s stands inside of its own anchor: it would never end", clip(name))
		}
	}
	if value := c.anchors[name]; value != nil {
		return value
	}
	c.note(pos, "the alias *%s has no anchor &%s above it", clip(name), clip(name))
	return &node{kind: brokenNode, pos: pos}
}
