package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// quickService is NAME -- COMMAND…: a service of one program, whose definition install writes.
type quickService struct {
	name    string
	command []string
}

// definition writes the YAML. Texts are in JSON's double quotes, which are YAML's too.
func (q *quickService) definition(f installFlags) ([]byte, error) {
	path, err := exec.LookPath(q.command[0])
	if errors.Is(err, exec.ErrDot) {
		err = nil // the current folder was meant, and its whole path is written
	}
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: there is no such program, or it can't be executed: %w", q.command[0], err)
	}
	dir := filepath.Dir(path) // where most programs look for their files; this terminal's folder means nothing to a service
	if f.workingDir != "" {
		if dir, err = filepath.Abs(f.workingDir); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by daruma install %s. Edit it, then: daruma reload %s\n", q.name, q.name)
	fmt.Fprintf(&b, "name: %s\n", q.name)
	text := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, quoted(value))
		}
	}
	text("displayName", f.displayName)
	text("description", f.description)
	text("startType", f.startType)
	text("account", f.account)
	if len(f.dependsOn) > 0 {
		var list []string
		for _, name := range f.dependsOn {
			list = append(list, quoted(name))
		}
		fmt.Fprintf(&b, "dependsOn: [%s]\n", strings.Join(list, ", "))
	}
	fmt.Fprintf(&b, "programs:\n  %s:\n    command:\n", quoted(q.name))
	for i, word := range q.command {
		if i == 0 {
			word = path
		}
		fmt.Fprintf(&b, "      - %s\n", quoted(literal(word)))
	}
	fmt.Fprintf(&b, "    workingDir: %s\n", quoted(literal(dir)))
	return []byte(b.String()), nil
}

// literal keeps a definition from taking a $ for a variable's.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
