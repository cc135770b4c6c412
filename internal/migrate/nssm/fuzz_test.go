package nssm

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/definition"
)

// FuzzParseReg: no file crashes or hangs the parser, and what it reads converts, to a definition that daruma accepts, or is
// refused by Convert with a reason that has to do with the service.
func FuzzParseReg(f *testing.F) {
	for _, name := range []string{"everything", "many", "regedit4", "utf16", "node-secrets"} {
		data, err := os.ReadFile("testdata/" + name + ".reg")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(regHead + "\"Application\"=\"%a%\"\n\"AppEnvironmentExtra\"=hex(7):61,00,3d,00,25,00,61,00,25,00,00,00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		services, err := ParseReg(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("an error that a terminal would obey: %q", err)
			}
			return
		}
		for _, s := range services {
			d, err := Convert(s, nil)
			if err != nil {
				if s.hasApplication() && !mayRefuse(err) {
					t.Errorf("%v", err)
				}
				continue
			}
			for _, r := range d.Remarks {
				if strings.ContainsAny(r.String(), "\n\r\x1b") || r.Text == "" {
					t.Errorf("%q", r)
				}
			}
			if bytes.ContainsAny(d.YAML, "\x1b\r") || !utf8.Valid(d.YAML) {
				t.Errorf("%q", d.YAML)
			}
		}
	})
}

// mayRefuse says whether it is a definition's right to refuse what NSSM takes: any path, and fails with it.
func mayRefuse(err error) bool {
	for _, reason := range []string{"longer than the", "only cmd.exe does that", "which no path has", "behind the drive"} {
		if strings.Contains(err.Error(), reason) {
			return true
		}
	}
	return false
}

// FuzzScalar: whatever a text, YAML reads it back as that text.
func FuzzScalar(f *testing.F) {
	for _, s := range []string{"", "a", "C:\\x", "a: b", "a #b", "- a", "true", "1", "0x1", "''", "\"", "\\", "\n\t\x00", "a ", " a", "~", "null", "\u2028\uFEFF\uFFFD", "%a%", "`", "&a", "*a", "!a", "[a", "{a}", "a,b", "|", ">", "é", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(s) > 900 {
			return
		}
		doc := document{name: "a", program: "b", command: []string{"x", s}, env: []pair{{"N" + strings.ReplaceAll(s, "=", ""), s}}}
		for i, arg := range doc.command {
			doc.command[i] = strings.ReplaceAll(arg, "$", "$$")
		}
		doc.env[0].value = doc.command[1]
		yaml := doc.write("a", nil)
		svc, err := definition.Parse(yaml, "", nil)
		if err != nil && mayRefuse(err) {
			return
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, yaml)
		}
		p := svc.Programs[0]
		if p.Command[1] != s || p.Env[0].Value != s || p.Env[0].Name != "N"+strings.ReplaceAll(s, "=", "") {
			t.Errorf("%q became %q and %q\n%s", s, p.Command[1], p.Env[0], yaml)
		}
	})
}

// TestConvertKeepsText: for random settings the definition's command and environment are what NSSM would have used.
func TestConvertKeepsText(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"a", "B", "${x}", "$", "$$", "%", "50%", "{", "}", "'", "ü", "😀", "#", ": ", "\\", "-", "*", "&", "!", "|", "\x7f", "\u2028"}
	random := func() string {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 500 {
		args := randomArgs(r)
		for i := range args {
			args[i] += random()
		}
		inPath := strings.NewReplacer("\u2028", "_", "%", "_") // a definition refuses the first, which YAML makes of \L, and on Windows %NAME%
		program, dir, value := `C:\p\`+inPath.Replace(random())+"x.exe", `C:\`+inPath.Replace(random()), random()
		key := NewKey("x")
		parameters := key.Make("Parameters")
		// REG_SZ isn't expanded; values of the environment always are, so there is no % there.
		parameters.Set(Value{Name: "Application", Kind: SZ, Text: program})
		parameters.Set(Value{Name: "AppParameters", Kind: SZ, Text: joinArgs(args)})
		parameters.Set(Value{Name: "AppDirectory", Kind: SZ, Text: dir})
		parameters.Set(Value{Name: "AppEnvironmentExtra", Kind: MultiSZ, List: []string{"V=" + strings.ReplaceAll(value, "%", "")}})
		d, err := Convert(Service{Name: "x", Key: key}, nil)
		if err != nil {
			t.Fatalf("%v: %q %q %q %q", err, program, args, dir, value)
		}
		svc, err := definition.Parse(d.YAML, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		p := svc.Programs[0]
		if !slices.Equal(p.Command, append([]string{program}, args...)) || p.Env[0].Value != strings.ReplaceAll(value, "%", "") {
			t.Fatalf("%q %q %q\n%s", program, args, value, d.YAML)
		}
	}
}
