package launchplan

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

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
		{"not UTF-8", "A=\xff\xfe", []string{"A=\xff\xfe"}},
	} {
		vars, err := readEnvFile(envFile(t, c.text), launch.Leave)
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
		"A=1\n\nsecret":          ":3: must be NAME=value",
		"=secret":                ":1: the name before = must not be empty nor contain blanks or quotes",
		"A B=secret":             ":1: the name before = must not be empty nor contain blanks or quotes",
		"\"A\"=secret":           ":1: the name before = must not be empty nor contain blanks or quotes",
		"A\x00=secret":           ":1: the name before = must not be empty nor contain blanks or quotes",
		"A=sec\x00ret":           ":1: the value contains a NUL byte",
		"# one\nA=\"secret":      ":2: the quote isn't closed on this line",
		"A='secret\nmore'":       ":1: the quote isn't closed on this line",
		"A='secret' # a comment": ":1: the quote isn't closed on this line",
		"A=\"":                   ":1: the quote isn't closed on this line",
	} {
		path := envFile(t, text)
		vars, err := readEnvFile(path, launch.Leave)
		if err == nil || err.Error() != path+want || vars != nil {
			t.Errorf("%q: %v, %v; want …%s", text, vars, err, want)
		}
		if err != nil && strings.Contains(strings.TrimPrefix(err.Error(), path), "secret") {
			t.Errorf("the error tells the value: %v", err)
		}
	}
	dir := t.TempDir()
	if _, err := readEnvFile(filepath.Join(dir, "none"), launch.Leave); !os.IsNotExist(err) {
		t.Errorf("a file that isn't there: %v", err)
	}
	if _, err := readEnvFile(dir, launch.Leave); !errors.Is(err, safefile.ErrRefused) && runtime.GOOS != "windows" || err == nil {
		t.Errorf("a folder: %v", err)
	}
	big := envFile(t, "")
	if err := os.Truncate(big, maxEnvFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := readEnvFile(big, launch.Leave); err == nil || err.Error() != big+" is longer than 2097152 bytes" {
		t.Errorf("a file that is too large: %v", err)
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
		vars, err := readEnvFile(path, launch.Leave)
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
		if v, ok, problem := parseEnvLine("A=" + quoted); !ok || problem != "" || v.Value != text {
			t.Fatalf("%q in quotes became %q: %s", text, v.Value, problem)
		}
	})
}
