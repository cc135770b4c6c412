package envfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/safefile"
)

func envFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEnvFile(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", nil},
		{"comments and empty lines", "# a comment\n\n   \n  # another\n", nil},
		{"plain", "A=1\nB=two words\n", []string{"A=1", "B=two words"}},
		{"no newline at the end", "A=1", []string{"A=1"}},
		{"Windows", "\ufeffA=1\r\nB=2\r\n", []string{"A=1", "B=2"}},
		{"export", "export A=1\nexport  B=2\nexported=3", []string{"A=1", "B=2", "exported=3"}},
		{"blanks around", "  A =  1  \n", []string{"A=1"}},
		{"an empty value", "A=\nB=''\nC=\"\"", []string{"A=", "B=", "C="}},
		{"= in the value", "A=b=c==", []string{"A=b=c=="}},
		{"# in the value", "A=b # c", []string{"A=b # c"}},
		{"literal", `A='a\n"$B" # '`, []string{`A=a\n"$B" # `}},
		{"double quotes", `A="one\ntwo\tthree \"four\" \\n \$B"`, []string{"A=one\ntwo\tthree \"four\" \\n $B"}},
		{"an unknown escape stays", `A="\x"`, []string{`A=\x`}},
		{"quotes within", `A=it's "so"`, []string{`A=it's "so"`}},
		{"nothing is expanded", "A=$HOME ${HOME} `id` $(id)", []string{"A=$HOME ${HOME} `id` $(id)"}},
		{"twice", "A=1\nA=2", []string{"A=1", "A=2"}},
		{"any name a program may want", "a.b-c=1\nÄ=2", []string{"a.b-c=1", "Ä=2"}},
		{"comments of systemd", "; a comment\n  ;A=0\nA=b ; c\n", []string{"A=b ; c"}},
		{"several lines in quotes", "KEY=\"-----BEGIN\r\nabc=\n  # no comment\n-----END\"\nB='x\n\ny'\nC=1", []string{"KEY=-----BEGIN\nabc=\n  # no comment\n-----END", "B=x\n\ny", "C=1"}},
		{"a line that goes on in quotes", "A=\"one \\\ntwo\\\\\nthree\"", []string{"A=one two\\\nthree"}},
		{"a backslash in quotes at the end", `A="C:\\data\\"` + "\n" + `B='C:\data\'`, []string{`A=C:\data\`, `B=C:\data\`}},
	} {
		vars, err := Read(envFile(t, c.text), launch.Leave)
		var got []string
		for _, v := range vars {
			got = append(got, v.Name+"="+v.Value)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestEnvFileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\n\nsecret":            ":3: must be NAME=value",
		"=secret":                  ":1: the name before = must not be empty nor contain blanks or quotes",
		"A B=secret":               ":1: the name before = must not be empty nor contain blanks or quotes",
		"\"A\"=secret":             ":1: the name before = must not be empty nor contain blanks or quotes",
		"A\x00=secret":             ":1: the name before = must not be empty nor contain blanks or quotes",
		"# one\nA=\"secret\nB=1\n": ":2: the quote is never closed",
		"A=\"secret\nB=\"secret\"": ":1: there is text behind the closing quote: a value is quoted as a whole, and a comment has a line of its own",
		"A='secret' # a comment":   ":1: there is text behind the closing quote: a value is quoted as a whole, and a comment has a line of its own",
		"A=\"":                     ":1: the quote is never closed",
		"A=\"C:\\secret\\\"":       ":1: the quote is never closed",
		"A=1\nB='x\n\ny'\nsecret":  ":5: must be NAME=value",
		"\xff\xfeA\x00=\x00s\x00":  ": is UTF-16: save it as UTF-8", // Notepad's "Unicode", and > of PowerShell
		"\xfe\xff\x00A\x00=\x00s":  ": is UTF-16: save it as UTF-8",
		"A=sec\x00ret":             ":1: the value contains a NUL byte",
	} {
		path := envFile(t, text)
		vars, err := Read(path, launch.Leave)
		if err == nil || err.Error() != path+want || vars != nil {
			t.Errorf("%q: %v, %v; want …%s", text, vars, err, want)
		}
		if err != nil && strings.Contains(strings.TrimPrefix(err.Error(), path), "secret") {
			t.Errorf("the error tells the value: %v", err)
		}
	}
	dir := t.TempDir()
	if _, err := Read(filepath.Join(dir, "none"), launch.Leave); !os.IsNotExist(err) {
		t.Errorf("a file that isn't there: %v", err)
	}
	if _, err := Read(dir, launch.Leave); !errors.Is(err, safefile.ErrRefused) && runtime.GOOS != "windows" || err == nil {
		t.Errorf("a folder: %v", err)
	}
	big := envFile(t, "")
	if err := os.Truncate(big, maxSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(big, launch.Leave); err == nil || err.Error() != big+" is longer than 2097152 bytes" {
		t.Errorf("a file that is too large: %v", err)
	}
}

// TestLinesThatGoOn: systemd's rule, which would glue the lines of a file for Windows together.
func TestLinesThatGoOn(t *testing.T) {
	const text = "A=one \\\n  two\\\n\nDIR=C:\\data\\\nB=1\\"
	for joins, want := range map[bool][]string{true: {"A=one two", `DIR=C:\dataB=1\`}, false: nil} {
		vars, line, problem := parse(text, joins)
		var got []string
		for _, v := range vars {
			got = append(got, v.Name+"="+v.Value)
		}
		if !slices.Equal(got, want) || (problem == "") != joins || !joins && line != 2 {
			t.Errorf("joining %t: %q, line %d: %s", joins, got, line, problem)
		}
	}
	if vars, _, problem := parse("DIR=C:\\data\\\r\nB=1", false); problem != "" || len(vars) != 2 || vars[0].Value != `C:\data\` {
		t.Errorf("%q, %s", vars, problem)
	}
}

// TestBytesThatArentUTF8 are a value on Linux, and U+FFFD in an environment of Windows.
func TestBytesThatArentUTF8(t *testing.T) {
	path := envFile(t, "# one\nA=stra\xdfe\n")
	vars, err := Read(path, launch.Leave)
	if runtime.GOOS != "windows" {
		if err != nil || vars[0].Value != "stra\xdfe" {
			t.Errorf("%q, %v", vars, err)
		}
		return
	}
	if want := path + ":2: the byte 0xDF isn't UTF-8 (is the file in an ANSI code page?): save it as UTF-8"; err == nil || err.Error() != want {
		t.Errorf("%q, %v", vars, err)
	}
}

// TestEnvFileProblems: check says what a start would, with the field and the line.
func TestEnvFileProblems(t *testing.T) {
	good, bad := envFile(t, "A=1"), envFile(t, "A=1\nsecret")
	def := &definition.Service{File: "daruma.yaml", Programs: []definition.Program{{Name: "api", EnvFiles: []string{good, bad, bad + ".gone"}}}}
	said := Problems(def)
	if len(said) != 2 || !strings.Contains(said[0], "programs.api.envFiles[1]: "+bad+":2: must be NAME=value") || !strings.Contains(said[1], "envFiles[2]: ") {
		t.Errorf("%q", said)
	}
}

// FuzzEnvFile: whatever the file holds, the answer is variables that a process can be given, or an error with its line;
// and a value that is written in quotes comes back as it was.
func FuzzEnvFile(f *testing.F) {
	for _, seed := range []string{"A=1", "export A='b'\r\n# c", "\ufeffA=\"\\n\\\"\"", "=", "A=\x00", "A='", "a b=c", strings.Repeat("A=1\n", 100)} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "fuzz.env")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		vars, err := Read(path, launch.Leave)
		if err != nil && !strings.HasPrefix(err.Error(), path+":") {
			t.Fatalf("an error without its place: %v", err)
		}
		for _, v := range vars {
			if v.Name == "" || strings.ContainsAny(v.Name, "= \t\x00\n") || strings.ContainsRune(v.Value, 0) {
				t.Fatalf("%q became %+v", text, v)
			}
		}
		if strings.ContainsAny(text, "\x00\r\n") || strings.TrimFunc(text, unicode.IsSpace) != text {
			return
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		if vars, _, problem := parse("A="+quoted, true); problem != "" || len(vars) != 1 || vars[0].Value != text {
			t.Fatalf("%q in quotes became %q: %s", text, vars, problem)
		}
	})
}
