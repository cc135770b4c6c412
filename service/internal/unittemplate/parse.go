// Package unittemplate renders the templates of unit files that programs give to github.com/kardianos/service as the option
// SystemdScript. There are two syntaxes: {{Name}} since its version 1.3, and {{.Name}} in the versions before, which used text/template.
// Programs have templates of both kinds. text/template isn't used: it makes the linker keep every exported method of the program, because it
// calls reflect's MethodByName.
package unittemplate

import (
	"fmt"
	"strings"
)

// step is one piece of a parsed template.
type step struct {
	text   string   // literal text, where tokens is nil
	tokens []string // a value: the pipeline's tokens
	kind   string   // "", "if", "range" or "with"
	names  []string // range: the variables before :=
	body   []step   // if: the first branch
	other  []step   // the branch of else
}

// piece is literal text or one action of a template, in order.
type piece struct {
	action bool
	text   string
}

// pieces cuts a template at its actions; trimming by {{- and -}} is done here.
func pieces(source string) ([]piece, error) {
	var found []piece
	trim := false
	for {
		text, rest, more := strings.Cut(source, "{{")
		if trim {
			text = strings.TrimLeft(text, " \t\r\n")
		}
		if !more {
			return append(found, piece{text: text}), nil
		}
		action, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("template: {{%.20s… isn't closed by }}", rest)
		}
		if left, ok := strings.CutPrefix(action, "-"); ok {
			text, action = strings.TrimRight(text, " \t\r\n"), left
		}
		action, trim = strings.CutSuffix(action, "-")
		if action = strings.TrimSpace(action); strings.HasPrefix(action, "/*") {
			action = "" // a comment
		}
		found = append(found, piece{text: text}, piece{action: true, text: action})
		source = after
	}
}

// parseTemplate makes steps of a template's source.
func parseTemplate(source string) ([]step, error) {
	list, err := pieces(source)
	if err != nil {
		return nil, err
	}
	p := &parser{rest: list}
	steps, end, err := p.block()
	if err == nil && end != nil {
		err = fmt.Errorf("template: {{%s}} without an if, range or with before it", strings.Join(end, " "))
	}
	return steps, err
}

type parser struct{ rest []piece }

// block parses up to the end or else that closes it, whose words it gives; nil at the end of the template.
func (p *parser) block() (steps []step, end []string, err error) {
	for len(p.rest) > 0 {
		next := p.rest[0]
		p.rest = p.rest[1:]
		if !next.action {
			steps = append(steps, step{text: next.text})
			continue
		}
		words, err := tokens(next.text)
		if err != nil {
			return nil, nil, err
		}
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "end", "else":
			return steps, words, nil
		case "if", "range", "with":
			nested, err := p.nested(words)
			if err != nil {
				return nil, nil, err
			}
			steps = append(steps, nested)
		default:
			steps = append(steps, step{tokens: words})
		}
	}
	return steps, nil, nil
}

func (p *parser) nested(words []string) (step, error) {
	s := step{kind: words[0], tokens: words[1:]}
	for i, word := range s.tokens {
		if word == ":=" {
			s.names, s.tokens = s.tokens[:i], s.tokens[i+1:]
			break
		}
	}
	if len(s.tokens) == 0 {
		return s, fmt.Errorf("template: {{%s}} of what?", s.kind)
	}
	body, end, err := p.block()
	if err != nil {
		return s, err
	}
	s.body = body
	switch {
	case len(end) > 1 && end[0] == "else": // else if …
		chained, err := p.nested(end[1:])
		s.other = []step{chained}
		return s, err
	case len(end) == 1 && end[0] == "else":
		if s.other, end, err = p.block(); err != nil {
			return s, err
		}
	}
	if len(end) != 1 || end[0] != "end" {
		return s, fmt.Errorf("template: {{%s %s}} has no {{end}}", s.kind, strings.Join(s.tokens, " "))
	}
	return s, nil
}

// tokens cuts an action into words; ( ) and | are words of their own, a quoted string keeps its quotes.
func tokens(action string) ([]string, error) {
	var words []string
	for action != "" {
		switch c := action[0]; {
		case strings.IndexByte(" \t\r\n,", c) >= 0:
			action = action[1:]
		case strings.IndexByte("()|", c) >= 0:
			words, action = append(words, action[:1]), action[1:]
		case c == '"' || c == '`':
			end := strings.IndexByte(action[1:], c)
			if end < 0 {
				return nil, fmt.Errorf("template: a string isn't closed: %s", action)
			}
			words, action = append(words, `"`+action[1:end+1]), action[end+2:]
		default:
			end := strings.IndexAny(action, " \t\r\n,()|\"`")
			if end < 0 {
				end = len(action)
			}
			words, action = append(words, action[:end]), action[end:]
		}
	}
	return words, nil
}
