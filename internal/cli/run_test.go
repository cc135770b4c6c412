package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNameAtSight: what it reads is what the definition says; where that isn't certain it reads nothing.
func TestNameAtSight(t *testing.T) {
	for text, want := range map[string]string{
		"name: shop\nprograms:\n":                       "shop",
		"# a comment\n\nname: my-shop2   # why\nx: 1\n": "my-shop2",
		"name:  a\n": "a",
		"programs:\n  name: {command: [x]}\nname: shop\n": "", // not at the beginning
		"x-y: |\n  name: no\nname: shop\n":                "",
		"name: ${NAME}\n":                                 "",
		"name: \"shop\"\n":                                "",
		"name: Shop\n":                                    "",
		"name: -shop\n":                                   "",
		"name: shop\r\nprograms:\r\n":                     "",
		"name: shop":                                      "", // no end of line: perhaps not all of it
		"  name: shop\n":                                  "",
		"":                                                "",
	} {
		path := filepath.Join(t.TempDir(), "daruma.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := plainName(path); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := plainName(t.TempDir()); got != "" {
		t.Errorf("a folder: %q", got)
	}
}
