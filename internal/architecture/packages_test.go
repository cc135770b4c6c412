package architecture

import (
	"fmt"
	"go/doc"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The table of packages in CONTRIBUTING.md stands between these lines. It is made of the packages' own comments, so that it can't
// go stale.
const (
	packagesBegin = "<!-- packages: written by DARUMA_WRITE_PACKAGES=1 go test ./internal/architecture -run PackageTable -->"
	packagesEnd   = "<!-- end of packages -->"
)

// packageTable has one row for each package of the layering, from the top down, with the first sentence of its comment.
func packageTable(t *testing.T) string {
	comments := map[string]string{}
	for _, s := range sources(t) {
		if !s.test() && s.tree.Doc != nil {
			comments[s.pkg()] += s.tree.Doc.Text()
		}
	}
	var b strings.Builder
	b.WriteString("| package | |\n| --- | --- |\n")
	for i := len(layering) - 1; i >= 0; i-- {
		for _, pkg := range layering[i] {
			fmt.Fprintf(&b, "| `%s` | %s |\n", pkg, synopsis(comments[pkg]))
		}
	}
	return b.String()
}

// synopsis is the first sentence of a package's comment, without "Package x" or "Command x" before it.
func synopsis(comment string) string {
	text := new(doc.Package).Synopsis(comment)
	text = regexp.MustCompile(`^(Package|Command) \S+ `).ReplaceAllString(text, "")
	text = strings.TrimSuffix(text, ".")
	return strings.ReplaceAll(text, "|", `\|`)
}

func TestPackageTable(t *testing.T) {
	page := filepath.Join(moduleRoot(t), "CONTRIBUTING.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), packagesBegin+"\n")
	have, after, ended := strings.Cut(rest, packagesEnd)
	if !found || !ended {
		t.Fatalf("%s has lost the lines %q and %q, between which the table of packages stands", page, packagesBegin, packagesEnd)
	}
	want := "\n" + packageTable(t) + "\n"
	if have == want {
		return
	}
	if os.Getenv("DARUMA_WRITE_PACKAGES") != "" {
		if err := os.WriteFile(page, []byte(before+packagesBegin+"\n"+want+packagesEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("CONTRIBUTING.md's table of packages isn't what their comments say: run DARUMA_WRITE_PACKAGES=1 go test ./internal/architecture -run PackageTable")
}

// place finds `internal/x/y.go` and the like in the table of where to change what.
var place = regexp.MustCompile("`((?:cmd|docs|examples|internal|lab|service|bench)/[\\w./-]*)`")

// TestPlacesExist: every file and folder that CONTRIBUTING names is there.
func TestPlacesExist(t *testing.T) {
	dir := moduleRoot(t)
	text, err := os.ReadFile(filepath.Join(dir, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := place.FindAllStringSubmatch(string(text), -1)
	if len(found) < 20 {
		t.Fatalf("only %d places found: the test looks at the wrong thing", len(found))
	}
	for _, m := range found {
		if strings.Contains(m[1], "NAME") {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(m[1]))); err != nil {
			t.Errorf("CONTRIBUTING.md names %s, which isn't there: correct the row", m[1])
		}
	}
}
