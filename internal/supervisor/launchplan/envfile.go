package launchplan

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxEnvFile bounds what is read: the kernel takes no larger environment anyway.
const maxEnvFile = 2 << 20

// readEnvFile reads NAME=value lines: # comments, empty lines, an optional "export ", and quotes around the whole value
// ('literal', "with \n, \t, \" and \\"). Nothing is expanded, no value appears in an error.
//
// user is the program's, or launch.Leave. The supervisor may read more than that user, who may be able to decide what the path leads
// to: the program must not get through its environment what its user may not read.
func readEnvFile(path string, user int) ([]definition.EnvVar, error) {
	data, err := safefile.ReadOwned(path, maxEnvFile, user)
	if err != nil {
		return nil, err
	}
	var vars []definition.EnvVar
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		n++
		v, ok, problem := parseEnvLine(strings.TrimSpace(string(line)))
		if problem != "" {
			return nil, fmt.Errorf("%s:%d: %s", path, n, problem)
		}
		if ok {
			vars = append(vars, v)
		}
	}
	return vars, nil
}

func parseEnvLine(line string) (v definition.EnvVar, ok bool, problem string) {
	if line == "" || line[0] == '#' {
		return v, false, ""
	}
	line = strings.TrimSpace(strings.TrimPrefix(line, "export "))
	name, value, found := strings.Cut(line, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !found:
		return v, false, "must be NAME=value"
	case name == "" || strings.ContainsAny(name, " \t\"'\x00"):
		return v, false, "the name before = must not be empty nor contain blanks or quotes"
	case strings.ContainsRune(value, 0):
		return v, false, "the value contains a NUL byte"
	}
	if value, problem = unquote(value); problem != "" {
		return v, false, problem
	}
	return definition.EnvVar{Name: name, Value: value}, true, ""
}

func unquote(value string) (string, string) {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return value, ""
	}
	quote := value[0]
	if len(value) < 2 || value[len(value)-1] != quote {
		return "", "the quote isn't closed on this line"
	}
	value = value[1 : len(value)-1]
	if quote == '\'' {
		return value, ""
	}
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`, `\\`, `\`, `\$`, `$`).Replace(value), ""
}
