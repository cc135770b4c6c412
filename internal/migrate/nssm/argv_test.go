package nssm

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func asStrings(parts []text) []string {
	var all []string
	for _, p := range parts {
		all = append(all, string(p))
	}
	return all
}

// TestSplit: the examples of Microsoft's page and of Raymond Chen's
// (https://devblogs.microsoft.com/oldnewthing/20100917-00/?p=12833), and what people write for NSSM.
func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		``:                               nil,
		"  \t ":                          nil,
		`a b  c`:                         {"a", "b", "c"},
		`"a b c" d e`:                    {"a b c", "d", "e"},
		`"ab\"c" "\\" d`:                 {`ab"c`, `\`, "d"},
		`a\\\b d"e f"g h`:                {`a\\\b`, "de fg", "h"},
		`a\\\"b c d`:                     {`a\"b`, "c", "d"},
		`a\\\\"b c" d e`:                 {`a\\b c`, "d", "e"},
		`""`:                             {""},
		`a "" b`:                         {"a", "", "b"},
		`"C:\Hello there.txt" "hello\\"`: {`C:\Hello there.txt`, `hello\`},
		`"C:\dir\" next`:                 {`C:\dir" next`},
		`-D"name=a b"`:                   {"-Dname=a b"},
		`"open`:                          {"open"},
		`"""quoted"""`:                   {`"quoted"`},
		`\\server\share\`:                {`\\server\share\`},
		"a\nb":                           {"a\nb"},
	} {
		if got := asStrings(splitArgs(literal(line))); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
	for line, want := range map[string][]string{
		`"C:\a b\c.exe" x "y z"`: {`C:\a b\c.exe`, "x", "y z"},
		`C:\a\c.exe`:             {`C:\a\c.exe`},
		`  "C:\dir\"x`:           {`C:\dir\`, "x"}, // a backslash protects nothing in the program's name
		``:                       nil,
	} {
		if got := asStrings(splitCommand(literal(line))); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
}

// TestSplitAtProgram: quotes around a whole command line, which NSSM takes away.
func TestSplitAtProgram(t *testing.T) {
	for line, want := range map[string][]string{
		`C:\h k\drain.exe`:                {`C:\h k\drain.exe`},
		`C:\h k\drain.exe now "a b"`:      {`C:\h k\drain.exe`, "now", "a b"},
		`C:\h.exes k\Drain.CMD  /q`:       {`C:\h.exes k\Drain.CMD`, "/q"},
		`C:\no extension here`:            {`C:\no extension here`},
		`powershell.exe -File C:\x y.ps1`: {"powershell.exe", "-File", `C:\x`, "y.ps1"},
	} {
		if got := asStrings(splitAtProgram(literal(line))); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
}

// randomArgs are arguments full of what the rules are about.
func randomArgs(r *rand.Rand) []string {
	args := make([]string, r.IntN(5))
	for i := range args {
		var b strings.Builder
		for range r.IntN(8) {
			b.WriteString([]string{`\`, `\\`, `"`, `""`, " ", "\t", "a", "ü", "-x=", "😀"}[r.IntN(10)])
		}
		args[i] = b.String()
	}
	return args
}

// TestJoinAndSplit: whatever the arguments, joined and split they are the same.
func TestJoinAndSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		args := randomArgs(r)
		if got := asStrings(splitArgs(literal(joinArgs(args)))); !slices.Equal(got, args) && len(args) > 0 {
			t.Fatalf("%q became %s and then %q", args, joinArgs(args), got)
		}
	}
}

// TestSplitKeepsVariables: a variable is one element, whatever it will hold.
func TestSplitKeepsVariables(t *testing.T) {
	var e environment
	e.set("OWN", literal(`x" "y`))
	args := splitArgs(e.expand(`--a=%ProgramFiles%\a b %OWN% 100% %%`))
	got := make([]string, len(args))
	for i, a := range args {
		got[i] = e.write(a)
	}
	want := []string{`--a=${ProgramFiles:-C:\Program Files}\a`, "b", "x y", "100%", "%%"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
