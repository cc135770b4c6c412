package definition

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const small = "name: a\nprograms:\n  b:\n    command: [c]\n    env: {X: é}\n    nice: 5\n"

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "daruma.yaml")
	if err := os.WriteFile(file, []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	svc, err := Load("daruma.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	// On some systems the temporary folder is behind a symbolic link.
	if here, _ := os.Getwd(); svc.Dir != here || svc.File != filepath.Join(here, "daruma.yaml") || svc.Programs[0].WorkingDir != here {
		t.Errorf("Dir %q, File %q, WorkingDir %q in %q", svc.Dir, svc.File, svc.Programs[0].WorkingDir, here)
	}
	if string(svc.Source) != small {
		t.Errorf("source %q", svc.Source)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	f, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(MaxSize + 1); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for path, want := range map[string]string{
		dir:                          dir + ": is a folder: name the file in it, such as " + filepath.Join(dir, "daruma.yaml"),
		filepath.Join(dir, "no.yml"): filepath.Join(dir, "no.yml") + ": there is no such file",
		large:                        large + ": is larger than 10 MiB: a definition may not be",
		os.DevNull:                   os.DevNull + ": is not a regular file: write it to a file first",
	} {
		if _, err := Load(path, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

// TestEncodings: how a text is encoded and where its lines end changes nothing; what isn't text is refused.
func TestEncodings(t *testing.T) {
	want, err := Parse([]byte(small), "daruma.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{
		"BOM":  "\xEF\xBB\xBF" + small,
		"CRLF": strings.ReplaceAll(small, "\n", "\r\n"),
		"CR":   strings.ReplaceAll(small, "\n", "\r"),
		"both": "\xEF\xBB\xBF" + strings.ReplaceAll(small, "\n", "\r\n"),
		"mark": "---\n" + small + "...\n",
	} {
		got, err := Parse([]byte(src), "daruma.yaml", nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got.Programs, want.Programs) {
			t.Errorf("%s: %+v", name, got.Programs)
		}
		if at := got.At("programs.b.nice"); name != "mark" && at != (Position{6, 5}) {
			t.Errorf("%s: nice at %v", name, at)
		}
	}
	for src, want := range map[string]string{
		"\xFF\xFEn\x00a\x00":            "1:1: is UTF-16: save it as UTF-8",
		"\xFE\xFF\x00n":                 "1:1: is UTF-16: save it as UTF-8",
		"name: é\xE9\n":                 "1:8: the byte 0xE9 isn't UTF-8: save the file as UTF-8",
		"name: a\ndescription: \x00\n":  "2:14: the control character 0x00 isn't allowed: in double quotes write \\x00",
		"name: a\nx: \"\xEF\xBB\xBF\"":  "2:5: a byte order mark is allowed at the very beginning only: remove it",
		"name: a\x7F":                   "1:8: the control character 0x7F isn't allowed: in double quotes write \\x7F",
		"name: a\nprograms: \xC3\x28\n": "2:11: the byte 0xC3 isn't UTF-8: save the file as UTF-8",
	} {
		if _, err := Parse([]byte(src), "", nil); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
}

// TestAt: the supervisor's own errors name places too.
func TestAt(t *testing.T) {
	src := "name: a\nprograms:\n  b:\n    command:\n    - c\n    - d\n    livenessProbe: {tcpSocket: {port: 80}}\n"
	svc, err := Parse([]byte(src), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Position{
		"name":                                  {1, 1},
		"programs.b":                            {3, 3},
		"programs.b.command":                    {4, 5},
		"programs.b.command[1]":                 {6, 7},
		"programs.b.livenessProbe.tcpSocket":    {7, 21},
		"programs.b.livenessProbe.period":       {7, 5},
		"programs.b.command[7]":                 {4, 5},
		"programs.b.resources.limits.memory":    {3, 3},
		"programs.nobody.command":               {2, 1},
		"nothing":                               {},
		"":                                      {},
		"programs.b.livenessProbe.tcpSocket.po": {7, 21},
	} {
		if got := svc.At(path); got != want {
			t.Errorf("%q at %v, want %v", path, got, want)
		}
	}
	if got := (&Service{}).At("programs.b"); got != (Position{}) {
		t.Errorf("of a service without source: %v", got)
	}
}

// TestErrorsAreBounded: a file full of mistakes gets a thousand answers and a count.
func TestErrorsAreBounded(t *testing.T) {
	src := "name: a\nprograms:\n  b:\n    command: [c]\n    env:\n" + strings.Repeat("", 1)
	for i := range 3000 {
		src += "      V" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + ": [z]\n"
	}
	_, err := Parse([]byte(src), "f.yaml", nil)
	errs, ok := err.(Errors)
	if !ok || len(errs) != maxErrors+1 {
		t.Fatalf("%T with %d", err, len(errs))
	}
	if last := errs[maxErrors].Error(); last != "f.yaml: and 2000 more problems" {
		t.Errorf("last: %s", last)
	}
}
