package definition

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs parses every YAML block of the documentation's page, in both languages: whole definitions (yaml), parts of a program
// (yaml program), and wrong ones (yaml wrong), whose errors the block after them shows.
func TestDocs(t *testing.T) {
	for _, page := range []string{"../../docs/definition.md", "../../docs/zh/definition.md"} {
		t.Run(page, func(t *testing.T) { blocksOfDefinitionPage(t, page) })
	}
}

func blocksOfDefinitionPage(t *testing.T, path string) {
	page, err := os.ReadFile(path)
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

// TestOtherPages: what the other pages show in YAML is a definition, or a piece of one: of the service, of its programs, of a program.
func TestOtherPages(t *testing.T) {
	pages := []string{"../../README.md", "../../README.zh-CN.md"}
	for _, folder := range []string{"../../docs", "../../docs/zh"} {
		found, err := filepath.Glob(folder + "/*.md")
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d pages, %v", folder, len(found), err)
		}
		pages = append(pages, found...)
	}
	none := func(string) (string, bool) { return "", false }
	count := 0
	for _, page := range pages {
		if filepath.Base(page) == "shipping.md" { // log shippers' own configurations, which package logs/shipper compares with its output
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "\n```") {
			info, block, _ := strings.Cut(part, "\n")
			if i%2 == 0 || info != "yaml" {
				continue
			}
			count++
			indented := func(by string) string { return by + strings.ReplaceAll(block, "\n", "\n"+by) + "\n" }
			var errs []error
			for _, whole := range []string{block, "name: a\n" + block, "name: a\nprograms: {b: {command: [x]}}\n" + block + "\n", "name: a\nprograms:\n" + indented("  "),
				"name: a\nprograms:\n  b:\n    command: [x]\n" + indented("    "), "name: a\nprograms:\n  b:\n" + indented("    ")} {
				if _, err := Parse([]byte(whole), "daruma.yaml", none); err != nil {
					errs = append(errs, err)
				}
			}
			if len(errs) == 6 {
				t.Errorf("%s: in no place right:\n%s\n%v", page, block, errors.Join(errs...))
			}
		}
	}
	if count < 5 {
		t.Errorf("%d blocks", count)
	}
}
