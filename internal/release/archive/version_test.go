package archive

import (
	"strings"
	"testing"
)

func TestVersions(t *testing.T) {
	for _, v := range []string{"", "v", "latest", "1.", ".1", "1..2", "1.0/2", "1.0 ", "..", "1.0-", "1.0.", "-1", "1:2", strings.Repeat("1", 65), "1.0\n"} {
		if CheckVersion(v) == nil {
			t.Errorf("%q is taken", v)
		}
	}
	inOrder := []string{"0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0", "1.0.1", "1.2", "1.10", "v2", "10.0", "2026.11.28", "2026.11.28.1", "99999999999999999999999.0", "100000000000000000000000.0"}
	for i, a := range inOrder {
		if err := CheckVersion(a); err != nil {
			t.Error(err)
		}
		for j, b := range inOrder {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := CompareVersions(a, b); got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "v1.0.0"}, {"1.0.0+a", "1.0.0+b"}, {"01.2", "1.02"}} {
		if CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%v", same)
		}
	}
}

// FuzzVersions: the order is one: whatever is compared, both sides agree.
func FuzzVersions(f *testing.F) {
	f.Add("1.0.0", "1.0.0-rc.1")
	f.Add("1.0.1b", "v1_2")
	f.Fuzz(func(t *testing.T, a, b string) {
		if CheckVersion(a) != nil || CheckVersion(b) != nil {
			return
		}
		if x, y := CompareVersions(a, b), CompareVersions(b, a); x != -y || CompareVersions(a, a) != 0 {
			t.Errorf("%s and %s: %d and %d", a, b, x, y)
		}
	})
}
