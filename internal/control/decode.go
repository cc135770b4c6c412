package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// decodeCommand reads exactly one command. Unlike json.Unmarshal it takes names only as they are written in the API,
// each at most once, and nothing after the object: a misspelt field that is passed over would be a stop that
// doesn't do what was asked.
func decodeCommand(r io.Reader) (Command, error) {
	var c Command
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil {
		return c, malformed(err)
	} else if t != json.Delim('{') {
		return c, errors.New("the body must be a JSON object")
	}
	seen := make([]any, 0, 4) // the fields by their addresses
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return c, malformed(err)
		}
		name, _ := t.(string) // inside an object and before a value it is always a string
		into := c.field(name)
		if into == nil {
			return c, fmt.Errorf("there is no field %.40q: only verb, program, graceSeconds, code, wholeService, minReadySeconds and reason", name)
		}
		if slices.Contains(seen, into) {
			return c, fmt.Errorf("the field %q is given twice", name)
		}
		seen = append(seen, into)
		if err := d.Decode(into); err != nil {
			var kind *json.UnmarshalTypeError
			if errors.As(err, &kind) {
				return c, fmt.Errorf("%q can't be a %s", name, kind.Value)
			}
			return c, malformed(err)
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return c, malformed(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		if err != nil && !isSyntax(err) {
			return c, malformed(err)
		}
		return c, errors.New("something follows the command: one request carries one")
	}
	return c, c.Validate()
}

// field is where the value of the field with this name goes; nil: there is none.
func (c *Command) field(name string) any {
	switch name {
	case "verb":
		return &c.Verb
	case "program":
		return &c.Program
	case "graceSeconds":
		return &c.GraceSeconds
	case "code":
		return &c.Code
	case "wholeService":
		return &c.WholeService
	case "minReadySeconds":
		return &c.MinReadySeconds
	case "reason":
		return &c.Reason
	}
	return nil
}

// malformed explains what the JSON decoder found, and keeps an error of the reader below it.
func malformed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the body ends in the middle of the JSON")
	}
	if isSyntax(err) {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	return err
}

func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax)
}
