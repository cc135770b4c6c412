package charset

import (
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"cp850", "Gr\x81\xe1e", "Grüße"},
		{"cp437", "Gr\x81\xe1e", "Grüße"},
		{"ibm866", "\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"},
		{"cp1252", "Gr\xfc\xdfe \x80", "Grüße €"},
		{"Windows-1252", "Gr\xfc\xdfe", "Grüße"},
		{"iso-8859-2", "\xb1\xea", "ąę"},
		{"cp932", "\x83e\x83X\x83g", "テスト"},
		{"gbk", "\xb2\xe2", "测"},
		{"cp950", "\xb4\xfa", "測"},
		{"cp65001", "ü", "ü"},
		{"utf-8", "\xff", "\xff"},
		{"cp1252", "plain", "plain"},
	} {
		if err := Check(c.name); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		name, err := Resolve(c.name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a decoder is used again and again
			if got := string(d.Decode([]byte(c.in))); got != c.want {
				t.Errorf("%s: %q is %q, want %q", c.name, c.in, got, c.want)
			}
		}
	}
}

// TestRefused: what would cut lines within a character, or means another thing by ASCII's bytes.
func TestRefused(t *testing.T) {
	for _, name := range []string{"utf-16", "utf-16le", "cp1200", "ibm037", "cp1047", "iso-2022-jp", "hz-gb-2312", "nothing", "cp", "cp99999", "cp-1", "replacement", ""} {
		if err := Check(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if err := Check("utf-16"); !strings.Contains(err.Error(), "newlines") {
		t.Error(err)
	}
	if d, err := New("nothing"); err == nil || d != nil {
		t.Errorf("%v, %v", d, err)
	}
}
