package eventlog

import (
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

func TestInsertion(t *testing.T) {
	for text, want := range map[string]string{
		"":                "",
		"100%":            "100%",
		"%1 and %22":      "% 1 and % 22",
		"100%1 sure":      "100% 1 sure",
		"%%5":             "%% 5",
		"fe80::1%eth0":    "fe80::1%eth0",
		"fe80::1%12":      "fe80::1% 12",
		"nul\x00 in text": "nul\uFFFD in text",
	} {
		if got := windows.UTF16ToString(insertion(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	long := insertion(strings.Repeat("x", maxText-1) + "😀")
	if len(long) != maxText || long[len(long)-1] != 0 || utf16.IsSurrogate(rune(long[len(long)-2])) {
		t.Errorf("cut to %d units, the last %x", len(long), long[len(long)-2])
	}
}
