package nssm

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

const regHead = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\shop\\Parameters]\n"

// only gives the key Parameters of the one service in a .reg file.
func only(t *testing.T, reg string) *Key {
	t.Helper()
	services, err := ParseReg([]byte(reg))
	if err != nil || len(services) != 1 || services[0].Name != "shop" {
		t.Fatalf("%+v %v\n%s", services, err, reg)
	}
	return services[0].Key.Sub("PARAMETERS")
}

func TestValues(t *testing.T) {
	key := only(t, regHead+`
; a comment
@="default"
"quoted \"name\" \\ here"="C:\\a\\b \"x\"" ; said
"lines"="one
two"
  "indented" = dword:0000002A
"big"=hex(5):00,00,01,00
"short"=hex(4):2a,00
"long"=hex(b):01,00,00,00,01,00,00,00
"sz"=hex(1):41,00,42,00,00,00
"list"=hex(7):41,00,\
  00,00,42,00, \ ; a comment within
  00,00,00,00
"binary"=hex:
"none"=hex(0):
"unended"=hex(2):41,00,42,00
"gone"="x"
"GONE"=-
"open"=hex(2):41,00,\`)
	for name, want := range map[string]Value{
		"":                     {Kind: SZ, Text: "default"},
		`Quoted "Name" \ here`: {Kind: SZ, Text: `C:\a\b "x"`},
		"lines":                {Kind: SZ, Text: "one\ntwo"},
		"indented":             {Kind: Dword, Number: 42},
		"big":                  {Kind: DwordBE, Number: 256},
		"short":                {Kind: None},
		"long":                 {Kind: Qword, Number: 1<<32 | 1},
		"sz":                   {Kind: SZ, Text: "AB"},
		"binary":               {Kind: Binary},
		"none":                 {Kind: None},
		"unended":              {Kind: ExpandSZ, Text: "AB"},
		"open":                 {Kind: ExpandSZ, Text: "A"},
	} {
		got, ok := key.Value(name)
		if !ok || got.Kind != want.Kind || got.Text != want.Text || got.Number != want.Number {
			t.Errorf("%q: %+v, want %+v", name, got, want)
		}
	}
	if v, _ := key.Value("list"); strings.Join(v.List, "|") != "A|B" {
		t.Errorf("list: %q", v.List)
	}
	if v, ok := key.Value("gone"); ok {
		t.Errorf("deleted, and there: %+v", v)
	}
}

// TestRefused: errors say the line and what is wrong, and never show data.
func TestRefused(t *testing.T) {
	for reg, want := range map[string]string{
		"":                                                 "is empty",
		"\r\n \r\n":                                        "is empty",
		"; only a comment":                                 "has no header",
		"name: shop\n":                                     `line 1: a .reg file begins with "Windows Registry Editor Version 5.00" or "REGEDIT4"`,
		"\n\nREGEDIT5\n":                                   "line 3: a .reg file begins with",
		regHead + "nonsense=hunter2":                       `line 4: neither a key in [ ] nor a value: "nonsense"`,
		regHead + "[HKEY_LOCAL_MACHINE":                    "line 4: the key has no ] at its end",
		regHead + "\"name=hunter2":                         "line 4: the name of a value has no closing quote",
		regHead + "\"name\" hunter2":                       "line 4: = is missing",
		regHead + "@ hunter2":                              "line 4: = is missing after @",
		regHead + "\"a\"=hunter2":                          `line 4: "\"a\"": its data must be a text in quotes, or begin with dword:, hex: or hex(N)`,
		regHead + "\"a\"=hex(zz):00":                       "its data must be",
		regHead + "\"a\"=\"hunter2":                        "the text has no closing quote",
		regHead + "\"a\"=\"x\" hunter2":                    "something follows the closing quote",
		regHead + "\"a\"=dword:hunter2":                    "a dword has 1 to 8 hexadecimal digits",
		regHead + "\"a\"=dword:123456789":                  "a dword has 1 to 8 hexadecimal digits",
		regHead + "\n\"a\"=hex:00,\\\n01,\\\nhunter2,00\n": `line 5: "\"a\"": line 7: a byte has two hexadecimal digits`,
	} {
		_, err := ParseReg([]byte(reg))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v\nwant %s", reg, err, want)
		}
	}
}

// TestOtherKeys: what belongs to no service is passed over, whatever stands there.
func TestOtherKeys(t *testing.T) {
	services, err := ParseReg([]byte("REGEDIT4\n[HKEY_CURRENT_USER\\Software]\n\"a\"=hex:01\n\"b\"=-\n" +
		"[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services]\n@=\"x\"\n[HKEY_LOCAL_MACHINE\\SYSTEM\\Setup\\Services\\x]\n" +
		"[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\\\x]\n[hklm\\system\\ControlSet002\\services\\One\\Parameters\\Deep]\n@=\"y\"\n"))
	if err != nil || len(services) != 1 || services[0].Name != "One" {
		t.Fatalf("%+v %v", services, err)
	}
	if v, _ := services[0].Key.Sub("parameters").Sub("deep").Value(""); v.Text != "y" {
		t.Errorf("%+v", v)
	}
}

// TestLargeFiles: time grows with the size, not with its square: these took minutes or all memory otherwise.
func TestLargeFiles(t *testing.T) {
	app := "\"Application\"=\"x\"\n"
	multi := func(line func(i int) string) string {
		var b strings.Builder
		b.WriteString(`"AppEnvironmentExtra"=hex(7):`)
		for i := range 30_000 {
			for _, c := range []byte(line(i)) {
				b.WriteString(strings.ToLower(strconv.FormatUint(uint64(c), 16)) + ",00,")
			}
			b.WriteString("00,00,")
		}
		return b.String()
	}
	for name, reg := range map[string]string{
		"lines in a text": regHead + "\"a\"=\"" + strings.Repeat("x\n", 400_000) + "\"\n",
		"no closing":      regHead + "\"a\"=\"" + strings.Repeat("x\n", 2_000_000),
		"variables":       regHead + app + multi(func(i int) string { return "V" + strconv.Itoa(i) + "=1" }),
		"doubling":        regHead + app + multi(func(i int) string { return "A=%A%%A%x%B%" }),
		"hex":             regHead + app + `"b"=hex:` + strings.Repeat("00,\\\n", 1_000_000),
		"keys":            regHead + app + strings.Repeat(strings.Split(regHead, "\n")[2]+"\n", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			services, err := ParseReg([]byte(reg))
			if err == nil {
				_, err = Convert(services[0], nil)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v: %v", took, err)
			}
			t.Logf("%v, %v", time.Since(start), err)
		})
	}
}
