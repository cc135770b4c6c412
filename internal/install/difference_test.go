package install

import (
	"strings"
	"testing"
)

func TestDifference(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"a\nb\nc\n", "a\nb\nc\n", ""},
		{"a\nb\nc\n", "a\nx\nc\n", "- b|+ x"},
		{"a\nb\n", "a\n", "- b"},
		{"a\n", "z\na\nb\n", "+ z|+ b"},
		{"", "a", "- |+ a"},
	} {
		if got := strings.Join(difference(c.from, c.to), "|"); got != c.want {
			t.Errorf("from %q to %q: %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if long := difference(strings.Repeat("x\n", maxDifference), "x"); len(long) != 1 || !strings.Contains(long[0], "too long") {
		t.Errorf("%d lines of difference", len(long))
	}
}
