package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/namedfiles"
)

// Command is NAME -- COMMAND…: a service of one program, whose definition install writes.
type Command struct {
	Name       string
	Args       []string // the program first; a name without a path is looked for in PATH
	WorkingDir string   // "": the folder that the program is in, or the script that an interpreter is given
}

// definition writes the YAML. Texts are in JSON's double quotes, which are YAML's too.
func (c *Command) definition(o Overrides) ([]byte, error) {
	path, err := exec.LookPath(c.Args[0])
	if err == nil || errors.Is(err, exec.ErrDot) { // the current folder was meant, and its whole path is written
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: there is no such program, or it can't be executed: %w", c.Args[0], err)
	}
	dir := filepath.Dir(path) // where most programs look for their files; this terminal's folder means nothing to a service
	args := slices.Clone(c.Args)
	args[0] = path
	if c.WorkingDir != "" {
		if dir, err = filepath.Abs(c.WorkingDir); err != nil {
			return nil, err
		}
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	there, _ := namedfiles.Script(dir, args)
	// The script of an interpreter that isn't in the working folder: this terminal's was meant.
	if script, word := namedfiles.Script(here, args); script != "" && (there == "" || c.WorkingDir == "") {
		args[word] = script
		if c.WorkingDir == "" {
			dir = filepath.Dir(script)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by daruma install %s. Edit it, then: daruma reload %s\n", c.Name, c.Name)
	o.head(&b, c.Name)
	fmt.Fprintf(&b, "programs:\n  %s:\n    command:\n", quoted(c.Name))
	for _, arg := range args {
		fmt.Fprintf(&b, "      - %s\n", quoted(literal(arg)))
	}
	fmt.Fprintf(&b, "    workingDir: %s\n", quoted(literal(dir)))
	return []byte(b.String()), nil
}

// head writes what a definition says of its service.
func (o Overrides) head(b *strings.Builder, name string) {
	fmt.Fprintf(b, "name: %s\n", name)
	text := func(key string, value *string) {
		if value != nil && *value != "" {
			fmt.Fprintf(b, "%s: %s\n", key, quoted(*value))
		}
	}
	text("displayName", o.DisplayName)
	text("description", o.Description)
	text("startType", o.StartType)
	text("account", o.Account)
	if o.DependsOn != nil && len(*o.DependsOn) > 0 {
		var list []string
		for _, name := range *o.DependsOn {
			list = append(list, quoted(name))
		}
		fmt.Fprintf(b, "dependsOn: [%s]\n", strings.Join(list, ", "))
	}
}

// literal doubles each $, which else would begin a variable.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
