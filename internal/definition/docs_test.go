package definition

import (
	"os"
	"strings"
	"testing"
)

// TestDocs parses every YAML block of the documentation's page: whole definitions (yaml), parts of a program (yaml
// program), and wrong ones (yaml wrong), whose errors the block after them shows.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/definition.md")
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t)
	none := func(string) (string, bool) { return "", false }
	count, expected := 0, ""
	for i, part := range strings.Split(string(page), "\n```") {
		info, block, _ := strings.Cut(part, "\n")
		if i%2 == 0 {
			continue // between blocks
		}
		block += "\n"
		switch info {
		case "yaml program":
			block = "name: a\nprograms:\n  b:\n    " + strings.ReplaceAll(strings.TrimSuffix(block, "\n"), "\n", "\n    ") + "\n"
			fallthrough
		case "yaml":
			count++
			if _, err := Parse([]byte(block), "daruma.yaml", none); err != nil {
				t.Errorf("%v\n%s", err, block)
			}
			if err := validate(t, schema, []byte(block)); err != nil {
				t.Errorf("schema: %v\n%s", err, block)
			}
		case "yaml wrong":
			if _, err := Parse([]byte(block), "daruma.yaml", none); err != nil {
				expected = err.Error() + "\n"
			} else {
				t.Errorf("is right:\n%s", block)
			}
		case "text":
			if block != expected {
				t.Errorf("the page shows\n%s\nand what comes is\n%s", block, expected)
			}
			expected = ""
		case "sh":
		default:
			t.Errorf("a block of %q isn't tested", info)
		}
	}
	if count < 15 || expected != "" {
		t.Errorf("%d blocks, errors not shown: %q", count, expected)
	}
}
