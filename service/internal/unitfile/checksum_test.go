package unitfile

import (
	"strings"
	"testing"
)

func TestUntouched(t *testing.T) {
	text := Unit{{"Service", "ExecStart", "/bin/x"}, {"Service", "Restart", "always"}}.Text("Comment.")
	for what, c := range map[string]struct {
		text string
		want bool
	}{
		"as written":             {text, true},
		"other comment":          {strings.Replace(text, "Comment.", "Of another version.", 1), true},
		"a value changed":        {strings.Replace(text, "always", "no", 1), false},
		"a line added":           {text + "Nice=5\n", false},
		"a line removed":         {strings.Replace(text, "Restart=always\n", "", 1), false},
		"checksum removed":       {strings.Replace(text, checksumMark, "# ", 1), false},
		"checksum cut":           {text[:strings.Index(text, checksumMark)+len(checksumMark)+5], false},
		"somebody's unit":        {"[Service]\nExecStart=/bin/x\n", false},
		"from before checksums":  {Mark + " Comment.\n\n[Service]\nExecStart=/bin/x\n", false},
		"nothing":                {"", false},
		"somebody's with a copy": {"# Mine\n" + text, false},
	} {
		if got := Untouched(c.text); got != c.want {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}
