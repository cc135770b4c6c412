package nssm

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/definition"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens are exports as regedit writes them, of services as they are found in public scripts and reports.
func goldens(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.reg")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	return files
}

// converted shows what becomes of an export.
func converted(t *testing.T, data []byte) string {
	t.Helper()
	services, err := ParseReg(data)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	taken := map[string]bool{}
	for _, s := range services {
		fmt.Fprintf(&b, "=== %s, of NSSM: %v\n", s.Name, s.IsNSSM())
		d, err := Convert(s, func(name string) bool { return taken[name] })
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			continue
		}
		taken[d.Name] = true
		b.Write(d.YAML)
		if _, err := definition.Parse(d.YAML, "x.yaml", os.LookupEnv); err != nil {
			t.Errorf("%v\n%s", err, d.YAML)
		}
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, file := range goldens(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".reg"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := converted(t, data)
			path := strings.TrimSuffix(file, ".reg") + ".golden"
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s\n(go test ./internal/migrate/nssm -update writes it anew)", got, want)
			}
		})
	}
}

// TestEncodings: what the file is encoded in makes no difference, nor do its line ends.
func TestEncodings(t *testing.T) {
	for _, file := range goldens(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(data) || bytes.HasPrefix(data, []byte{0xFF, 0xFE}) {
			continue // the two that are in other encodings themselves
		}
		want := converted(t, data)
		units := utf16.Encode([]rune(string(data)))
		little, big := []byte{0xFF, 0xFE}, []byte{0xFE, 0xFF}
		for _, u := range units {
			little = binary.LittleEndian.AppendUint16(little, u)
			big = binary.BigEndian.AppendUint16(big, u)
		}
		for name, variant := range map[string][]byte{
			"UTF-16LE": little, "UTF-16BE": big, "UTF-16LE without mark": little[2:],
			"UTF-8 with mark": append([]byte("\xEF\xBB\xBF"), data...), "LF": bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")),
		} {
			if got := converted(t, variant); got != want {
				t.Errorf("%s as %s:\n%s\nwant\n%s", file, name, got, want)
			}
		}
	}
}
