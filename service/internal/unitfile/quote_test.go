package unitfile

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/service/internal/testarguments"
)

// words splits a value as systemd.syntax(7) says: white space separates, quotes of both kinds join, backslashes escape as
// in C. Written from the manual page, not from what it tests.
func words(t *testing.T, line string) []string {
	t.Helper()
	var list []string
	for i := 0; ; {
		for i < len(line) && strings.IndexByte(" \t", line[i]) >= 0 {
			i++
		}
		if i == len(line) {
			return list
		}
		var word strings.Builder
		quote := byte(0)
		for ; i < len(line) && (quote != 0 || strings.IndexByte(" \t", line[i]) < 0); i++ {
			switch c := line[i]; {
			case quote != 0 && c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == '\\':
				n, text := escape(t, line[i+1:])
				word.WriteString(text)
				i += n
			default:
				word.WriteByte(c)
			}
		}
		if quote != 0 {
			t.Fatalf("%q: a quote isn't closed", line)
		}
		list = append(list, word.String())
	}
}

func escape(t *testing.T, s string) (length int, text string) {
	t.Helper()
	if s == "" {
		t.Fatal("a backslash at the end continues the line")
	}
	switch s[0] {
	case 'n':
		return 1, "\n"
	case 't':
		return 1, "\t"
	case '\\', '"', '\'':
		return 1, s[:1]
	case 'x':
		n, err := strconv.ParseUint(s[1:3], 16, 8)
		if err != nil || n == 0 {
			t.Fatalf("\\%s isn't an escape that systemd takes", s[:3])
		}
		return 3, string([]byte{byte(n)})
	}
	t.Fatalf("\\%c: this escape isn't expected of us", s[0])
	return 0, ""
}

// specifiers replaces %% and fails for every other specifier: none is wanted.
func specifiers(t *testing.T, s string) string {
	t.Helper()
	if rest := strings.ReplaceAll(s, "%%", ""); strings.Contains(rest, "%") {
		t.Fatalf("%q: a specifier would be expanded", s)
	}
	return strings.ReplaceAll(s, "%%", "%")
}

// variables replaces $$ and fails for everything that systemd would take for a variable.
func variables(t *testing.T, s string) string {
	t.Helper()
	if rest := strings.ReplaceAll(s, "$$", ""); strings.Contains(rest, "$") {
		t.Fatalf("%q: a variable would be replaced", s)
	}
	return strings.ReplaceAll(s, "$$", "$")
}

func roundTrip(t *testing.T, argument string) {
	line := "/bin/x " + Argument(argument) + " " + Argument("end")
	if strings.ContainsAny(line, "\n\r\x00") {
		t.Fatalf("%q is written over more than one line: %q", argument, line)
	}
	got := words(t, line)
	if len(got) != 3 {
		t.Fatalf("%q became %q", argument, got)
	}
	if text := variables(t, specifiers(t, got[1])); text != argument {
		t.Errorf("%q came back as %q, by way of %s", argument, text, line)
	}
	if env := words(t, Word("A="+argument)); len(env) != 1 || specifiers(t, env[0]) != "A="+argument {
		t.Errorf("environment entry %q came back as %q", argument, env)
	}
	// Where a word begins, systemd takes a semicolon for the end of the command (config_parse_exec); inside quotes it doesn't.
	if word := Argument(argument); strings.HasPrefix(word, ";") {
		t.Errorf("%q ends the command: %s", argument, line)
	}
}

func TestQuoting(t *testing.T) {
	for _, argument := range testarguments.Nasty() {
		roundTrip(t, argument)
	}
}

func FuzzQuoting(f *testing.F) {
	for _, argument := range testarguments.Nasty() {
		f.Add(argument)
	}
	f.Fuzz(func(t *testing.T, argument string) {
		if !utf8.ValidString(argument) || strings.ContainsRune(argument, 0) {
			return // Spec.check refuses it
		}
		roundTrip(t, argument)
		if text := Text(argument); strings.ContainsAny(text, "\n\r") || strings.HasSuffix(text, `\`) || strings.TrimSpace(text) != text {
			t.Errorf("as a description %q would spoil the line: %q", argument, text)
		} else {
			specifiers(t, text)
		}
		if diff := Diff(Parse(Unit{{"Service", "ExecStart", "/bin/x " + Argument(argument)}}.Text("")),
			Unit{{"Service", "ExecStart", "/bin/x " + Argument(argument)}}); len(diff) > 0 {
			t.Errorf("a unit with %q differs from itself: %v", argument, diff)
		}
	})
}
