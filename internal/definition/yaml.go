package definition

import (
	"errors"
	"io"
	"strings"

	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// parseYAML turns a text into nodes, or gives the first syntax error.
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

// explainSyntax rewords the YAML library's most frequent messages; the others stay as they are.
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
