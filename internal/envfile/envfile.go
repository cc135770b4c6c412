// Package envfile reads the files of variables that a definition names in envFiles.
package envfile

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxSize bounds what is read: the kernel takes no larger environment anyway.
const maxSize = 2 << 20

// Problems says, a sentence each with its place in the definition, which envFiles this process finds missing, unreadable or wrong
// now. They are read at each start, and one that is made later is no mistake.
func Problems(def *definition.Service) (said []string) {
	for i := range def.Programs {
		p := &def.Programs[i]
		user := userOf(p)
		for n, file := range p.EnvFiles {
			if _, err := Read(file, user); err != nil {
				path := fmt.Sprintf("programs.%s.envFiles[%d]", p.Name, n)
				said = append(said, definition.Error{File: def.File, Pos: def.At(path), Path: path, Msg: plaintext.Line(err.Error())}.Error())
			}
		}
	}
	return said
}

// Variables gives what a program's envFiles say, in their order: of several variables of one name the last counts. A file that can't be read
// now says nothing.
func Variables(p *definition.Program) (vars []definition.EnvVar) {
	user := userOf(p)
	for _, file := range p.EnvFiles {
		more, err := Read(file, user)
		if err == nil {
			vars = append(vars, more...)
		}
	}
	return vars
}

// userOf is the number of the program's account, or launch.Leave.
func userOf(p *definition.Program) int {
	if p.Security.RunAsUser == "" {
		return launch.Leave
	}
	account, err := launch.LookupUser(p.Security.RunAsUser)
	if err != nil {
		return launch.Leave
	}
	return account.UID
}

// Read reads a file of variables; docs/definition.md describes the format. Nothing is expanded, no value appears in an error.
//
// user is the program's, or launch.Leave. The supervisor may read more than that user, who may be able to decide what the path leads
// to: the program must not get through its environment what its user may not read.
func Read(path string, user int) ([]definition.EnvVar, error) {
	data, err := safefile.ReadOwned(path, maxSize, user)
	if why := launch.MissingDrive(path); why != "" && err != nil {
		return nil, fmt.Errorf("%s: %s", path, why)
	}
	if err != nil {
		return nil, err
	}
	windows := runtime.GOOS == "windows"
	switch at, what := plaintext.NotUTF8(data); {
	case what == "":
	case what == plaintext.UTF16:
		return nil, fmt.Errorf("%s: is %s: save it as UTF-8", path, what)
	case windows: // Linux passes any bytes on; Windows' environment is text, in which each of them would become U+FFFD
		return nil, fmt.Errorf("%s:%d: %s isn't UTF-8 (is the file in an ANSI code page?): save it as UTF-8", path, 1+strings.Count(string(data[:at]), "\n"), what)
	}
	vars, line, problem := parse(string(data), !windows)
	if problem != "" {
		return nil, fmt.Errorf("%s:%d: %s", path, line, problem)
	}
	return vars, nil
}

// parse reads the text of a file. With joins a backslash at the end of a line outside of quotes joins it with the next, as systemd
// has it; on Windows it is the end of a folder's path.
func parse(text string, joins bool) (vars []definition.EnvVar, line int, problem string) {
	f := envLines{rest: strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")}
	for f.next() {
		at := f.line
		text := strings.TrimSpace(f.text)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		name, value, found := strings.Cut(strings.TrimSpace(strings.TrimPrefix(text, "export ")), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !found:
			return nil, at, "must be NAME=value"
		case name == "" || strings.ContainsAny(name, " \t\"'\x00"):
			return nil, at, "the name before = must not be empty nor contain blanks or quotes"
		case value != "" && (value[0] == '"' || value[0] == '\''):
			value, problem = f.quoted(value)
		case joins:
			value = f.joined(value)
		}
		if problem == "" && strings.ContainsRune(value, 0) {
			problem = "the value contains a NUL byte"
		}
		if problem != "" {
			return nil, at, problem
		}
		vars = append(vars, definition.EnvVar{Name: name, Value: value})
	}
	return vars, 0, ""
}

// envLines gives a text line by line.
type envLines struct {
	rest string
	text string // of the line, without its end
	line int    // from 1
}

func (f *envLines) next() bool {
	if f.rest == "" {
		return false
	}
	f.text, f.rest, _ = strings.Cut(f.rest, "\n")
	f.line++
	return true
}

// joined appends the following line for as long as a value ends with a backslash.
func (f *envLines) joined(value string) string {
	var whole strings.Builder
	for strings.HasSuffix(value, `\`) && f.next() {
		whole.WriteString(value[:len(value)-1])
		value = strings.TrimSpace(f.text)
	}
	return whole.String() + value
}

// quoted reads a value that begins with a quote, up to the closing one, which may stand on a later line.
func (f *envLines) quoted(value string) (string, string) {
	quote := value[0]
	value = value[1:]
	var whole strings.Builder
	for {
		end := closingQuote(value, quote)
		if end >= 0 {
			if strings.TrimSpace(value[end+1:]) != "" {
				return "", "there is text behind the closing quote: a value is quoted as a whole, and a comment has a line of its own"
			}
			whole.WriteString(value[:end])
			break
		}
		whole.WriteString(value)
		if !f.next() {
			return "", "the quote is never closed"
		}
		whole.WriteByte('\n')
		value = f.text
	}
	if quote == '\'' {
		return whole.String(), ""
	}
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`, `\\`, `\`, `\$`, `$`, "\\\n", "").Replace(whole.String()), ""
}

// closingQuote finds the end of a quoted text, or -1: in double quotes, a backslash takes the next character for itself.
func closingQuote(s string, quote byte) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i
		case s[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}
