package unittemplate

import (
	"fmt"
	"strconv"
	"strings"
)

// Pair is an entry of a list that the two syntaxes see differently: {{range Key}} gives the line, {{range $k, $v := .Key}}
// name and value.
type Pair struct{ Name, Value, Line string }

// scope is what names mean: dot, variables, and the keys of the template. Values are string, bool, []string or []Pair.
type scope struct {
	keys map[string]any
	dot  any
	vars map[string]any
}

// Render gives the text of the template source with the values of keys: string, bool, []string or []Pair. An error names the action or key that
// it doesn't know.
func Render(source string, keys map[string]any) (string, error) {
	steps, err := parseTemplate(source)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = scope{keys: keys}.run(&out, steps)
	return out.String(), err
}

func (s scope) run(out *strings.Builder, steps []step) error {
	for _, step := range steps {
		if step.tokens == nil {
			out.WriteString(step.text)
			continue
		}
		value, err := s.pipeline(step.tokens)
		if err != nil {
			return err
		}
		switch {
		case step.kind == "range":
			err = s.each(out, step, value)
		case step.kind != "" && !truth(value):
			err = s.run(out, step.other)
		case step.kind != "":
			inner := s
			if step.kind == "with" {
				inner.dot = value
			}
			err = inner.run(out, step.body)
		default:
			var text string
			text, err = asText(value)
			out.WriteString(text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s scope) each(out *strings.Builder, step step, list any) error {
	var items []Pair
	switch list := list.(type) {
	case []Pair:
		items = list
	case []string:
		for i, item := range list {
			items = append(items, Pair{strconv.Itoa(i), item, item})
		}
	default:
		return fmt.Errorf("template: {{range %s}}: that isn't a list", strings.Join(step.tokens, " "))
	}
	if len(items) == 0 {
		return s.run(out, step.other)
	}
	for _, item := range items {
		inner := scope{keys: s.keys, dot: item.Line, vars: map[string]any{}}
		for name, value := range s.vars {
			inner.vars[name] = value
		}
		switch len(step.names) {
		case 1:
			inner.vars[step.names[0]] = item.Value
		case 2:
			inner.vars[step.names[0]], inner.vars[step.names[1]] = item.Name, item.Value
		}
		if err := inner.run(out, step.body); err != nil {
			return err
		}
	}
	return nil
}

// pipeline is the value of a | f | g x.
func (s scope) pipeline(words []string) (any, error) {
	var value any
	for first := true; len(words) > 0 || first; first = false {
		end, depth := 0, 0
		for ; end < len(words) && (words[end] != "|" || depth > 0); end++ {
			switch words[end] {
			case "(":
				depth++
			case ")":
				depth--
			}
		}
		command := words[:end]
		words = words[min(end+1, len(words)):]
		operands, err := s.operands(command)
		if err != nil {
			return nil, err
		}
		if !first {
			operands = append(operands, value)
		}
		if value, err = apply(operands); err != nil {
			return nil, fmt.Errorf("template: {{%s}}: %w", strings.Join(command, " "), err)
		}
	}
	return value, nil
}

// function is an operand that names a function rather than a value.
type function string

func (s scope) operands(words []string) ([]any, error) {
	var list []any
	for i := 0; i < len(words); i++ {
		if words[i] != "(" {
			value, err := s.operand(words[i], len(list) == 0)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
			continue
		}
		start, depth := i+1, 1
		for i++; i < len(words) && depth > 0; i++ {
			switch words[i] {
			case "(":
				depth++
			case ")":
				depth--
			}
		}
		if depth > 0 {
			return nil, fmt.Errorf("template: ( isn't closed in {{%s}}", strings.Join(words, " "))
		}
		i--
		value, err := s.pipeline(words[start:i])
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func (s scope) operand(word string, first bool) (any, error) {
	if word == "." {
		return s.dot, nil
	}
	if text, ok := strings.CutPrefix(word, `"`); ok {
		return text, nil
	}
	if _, err := strconv.Atoi(word); err == nil {
		return word, nil
	}
	if value, ok := s.vars[word]; ok {
		return value, nil
	}
	key := strings.TrimPrefix(strings.TrimPrefix(word, "$"), ".")
	if value, ok := s.keys[strings.TrimPrefix(key, "Config.")]; ok { // text/template saw the fields of an embedded Config
		return value, nil
	}
	if first && known(word) {
		return function(word), nil
	}
	return nil, fmt.Errorf("template: unknown key or function %q", word)
}

func known(word string) bool {
	switch word {
	case "and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le", "cmd", "cmdEscape":
		return true
	}
	return false
}

// apply calls a function with what follows it; a value alone is itself.
func apply(operands []any) (any, error) {
	if len(operands) == 0 {
		return nil, fmt.Errorf("nothing to show")
	}
	name, ok := operands[0].(function)
	args := operands[1:]
	if !ok && len(args) > 0 {
		return nil, fmt.Errorf("%v isn't a function", operands[0])
	}
	if !ok {
		return operands[0], nil
	}
	switch name {
	case "and", "or":
		if len(args) == 0 {
			return nil, fmt.Errorf("%s of what?", name)
		}
		for _, arg := range args {
			if truth(arg) == (name == "or") {
				return arg, nil
			}
		}
		return args[len(args)-1], nil
	case "not", "cmd", "cmdEscape":
		if len(args) != 1 {
			return nil, fmt.Errorf("%s takes one value, has %d", name, len(args))
		}
		return convert(name, args[0])
	default:
		if len(args) != 2 {
			return nil, fmt.Errorf("%s takes two values, has %d", name, len(args))
		}
		return compare(name, args[0], args[1])
	}
}

func convert(name function, value any) (any, error) {
	if name == "not" {
		return !truth(value), nil
	}
	text, err := asText(value)
	if name == "cmd" {
		return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`, err
	}
	return strings.ReplaceAll(text, " ", `\x20`), err
}

// compare compares as numbers where both are: no value is the -1 of LimitNOFILE, "not set".
func compare(name function, a, b any) (any, error) {
	left, err := asText(a)
	if err != nil {
		return nil, err
	}
	right, err := asText(b)
	if err != nil {
		return nil, err
	}
	order := strings.Compare(left, right)
	x, errX := number(left)
	y, errY := number(right)
	if errX == nil && errY == nil {
		order = x - y
	}
	switch name {
	case "eq":
		return order == 0, nil
	case "ne":
		return order != 0, nil
	case "gt":
		return order > 0, nil
	case "ge":
		return order >= 0, nil
	case "lt":
		return order < 0, nil
	default:
		return order <= 0, nil
	}
}

func number(text string) (int, error) {
	if text == "" {
		return -1, nil
	}
	return strconv.Atoi(text)
}

func truth(value any) bool {
	switch v := value.(type) {
	case string:
		return v != ""
	case bool:
		return v
	case []string:
		return len(v) > 0
	case []Pair:
		return len(v) > 0
	}
	return false
}

func asText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("template: a list can't be shown as text: put {{range}} around it")
}
