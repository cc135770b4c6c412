package definition

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// parseYAML turns a clean text into a tree, or gives the first syntax error.
//
// The YAML library panics on some malformed input; that becomes an error at the last place known.
func parseYAML(text string) (root *node, found Errors) {
	var last Position
	defer func() {
		if p := recover(); p != nil {
			root, found = nil, Errors{{Pos: last, Msg: "can't be read as YAML near here: look at indentation, quotes and brackets"}}
		}
	}()
	tokens, problem := scan(text)
	if problem == nil {
		problem = checkTokens(tokens)
	}
	if problem != nil {
		return nil, Errors{*problem}
	}
	if len(tokens) == 0 {
		return nil, Errors{{Msg: nothingThere}}
	}
	last = position(tokens[0])
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Errors{*syntaxError(err)}
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		c := converter{anchors: map[string]*node{}, last: &last}
		root = c.convert(doc.Body)
		if c.problem != nil {
			return nil, Errors{*c.problem}
		}
		return root, c.found
	}
	return nil, Errors{{Msg: nothingThere}}
}

const nothingThere = "is empty: it needs at least name and programs"

// scan cuts text into tokens, without comments.
func scan(text string) (token.Tokens, *Error) {
	var s scanner.Scanner
	s.Init(text)
	found, err := s.Scan() // one call scans all of the text, or up to the first error
	if err != nil && !errors.Is(err, io.EOF) {
		tk := found.InvalidToken()
		if tk == nil {
			return nil, &Error{Msg: "isn't YAML: " + err.Error()}
		}
		return nil, &Error{Pos: position(tk), Msg: explainSyntax(tk.Error)}
	}
	fixColumns(text, found)
	var tokens token.Tokens
	for _, tk := range found {
		if tk.Type == token.InvalidType {
			return nil, &Error{Pos: position(tk), Msg: explainSyntax(tk.Error)}
		}
		if tk.Type != token.CommentType {
			tokens = append(tokens, tk)
		}
	}
	for i := 1; i < len(tokens); i++ {
		tokens[i-1].Next, tokens[i].Prev = tokens[i], tokens[i-1]
	}
	return tokens, nil
}

// syntaxError is the YAML library's error in our form.
func syntaxError(err error) *Error {
	var at interface {
		error
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &at) {
		return &Error{Pos: position(at.GetToken()), Msg: explainSyntax(at.GetMessage())}
	}
	return &Error{Msg: "isn't YAML: " + err.Error()}
}

// explainSyntax says in our words what the YAML library's commonest messages mean; the others stay as they are.
func explainSyntax(msg string) string {
	switch {
	case strings.Contains(msg, "tab character") || strings.Contains(msg, "character '\t'"):
		return "a tab can't be used for indentation: use spaces"
	case strings.Contains(msg, "is a reserved character"):
		return msg + " and can't begin a value: write the value in quotes"
	case strings.Contains(msg, "map key-value is pre-defined"), strings.Contains(msg, "non-map value is specified"),
		strings.Contains(msg, "unexpected key name"), strings.Contains(msg, "value is not allowed in this context"):
		return "isn't YAML: the indentation doesn't fit, or a colon is missing after a key"
	case strings.Contains(msg, "must be specified"), strings.Contains(msg, "flow map content"):
		return "isn't YAML: a comma is missing, or a value with { } [ ] in it, such as ${VAR}, has no quotes; inside of [ ] and { } it needs them"
	case strings.Contains(msg, "could not find end character of"):
		return "isn't YAML: a quote opens here and never closes"
	case strings.Contains(msg, "sequence end token"), strings.Contains(msg, "flow mapping end token"):
		return "isn't YAML: a bracket opens here and never closes"
	case strings.Contains(msg, "mapping value is not allowed"):
		return "isn't YAML: a second colon in the line; write the value in quotes"
	}
	return "isn't YAML: " + msg
}

// maxNodes bounds what aliases and merge keys can multiply a file to.
const maxNodes = 2_000_000

// converter makes our tree of the YAML library's. After a problem that ends it, it only finds its way out.
type converter struct {
	anchors map[string]*node // those whose value is complete
	open    []string         // those whose value is being converted
	nodes   int
	last    *Position
	problem *Error // the end of the conversion
	found   Errors // what leaves the rest readable
}

// note keeps a problem that the rest can be read in spite of.
func (c *converter) note(pos Position, format string, args ...any) {
	if len(c.found) < maxErrors {
		c.found = append(c.found, Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
	}
}

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
