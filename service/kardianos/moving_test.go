package service_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const page = "../../docs/moving.md"

// block is a piece of Go in the page: "```go NAME" begins it.
var block = regexp.MustCompile("(?ms)^```go ([a-z-]+)\n(.*?)^```$")

// blocks gives the page's named pieces of code.
func blocks(t *testing.T) map[string]string {
	t.Helper()
	needGo(t) // the page is where the sources are
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	return found
}

// TestMovingAfter: what the page shows is the example, which compiles on both systems. To bring the examples into the page:
// DARUMA_WRITE_MOVING=1 go test -run MovingAfter ./service/kardianos
func TestMovingAfter(t *testing.T) {
	shown := blocks(t)
	for _, name := range []string{"from-kardianos", "from-go-svc", "from-x-sys-svc"} {
		t.Run(name, func(t *testing.T) {
			needGo(t)
			dir := filepath.Join("examples", "moving", name)
			source, err := os.ReadFile(filepath.Join("..", "..", dir, "main.go"))
			if err != nil {
				t.Fatal(err)
			}
			_, code, _ := strings.Cut(string(source), "\n") // without the comment that leads to the page
			if os.Getenv("DARUMA_WRITE_MOVING") != "" {
				text, err := os.ReadFile(page)
				if err != nil {
					t.Fatal(err)
				}
				fresh := regexp.MustCompile("(?ms)^```go "+name+"\n.*?^```$").ReplaceAllLiteralString(string(text), "```go "+name+"\n"+code+"```")
				if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if shown[name] != code {
				t.Errorf("%s shows another program than %s", page, dir)
			}
			build(t, "linux", dir)
			build(t, "windows", dir)
		})
	}
}

// compile builds source as package main of this module, without a file in it.
func compile(t *testing.T, goos, source string) {
	t.Helper()
	needGo(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "examples", "moving", "before", "main.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "out"), "./examples/moving/before")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("GOOS=%s: %v\n%s", goos, err, out)
	}
}

// TestMovingByOneLine: the program written for the original, with the line changed as the page says.
func TestMovingByOneLine(t *testing.T) {
	needGo(t)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	was, now := regexp.MustCompile(`(?m)^-(\t"github.*")$`).FindSubmatch(text), regexp.MustCompile(`(?m)^\+(\t"github.*")$`).FindSubmatch(text)
	if was == nil || now == nil {
		t.Fatal("the page doesn't show the line that changes")
	}
	before := blocks(t)["kardianos"]
	if strings.Count(before, string(was[1])) != 1 {
		t.Fatalf("the program before doesn't import %s", was[1])
	}
	for _, goos := range []string{"linux", "windows"} {
		compile(t, goos, strings.Replace(before, string(was[1]), string(now[1]), 1))
	}
}

// TestMovingBeforeXSys: what the page says one has compiles. (go-svc isn't a dependency of this module.)
func TestMovingBeforeXSys(t *testing.T) {
	compile(t, "windows", blocks(t)["x-sys-svc"])
}

// TestMovingTellsOfEveryOption: testdata/options.txt has the original's keys, taken from its v1.3.0:
//
//	grep -ohE '(option[A-Za-z]+|StartType|OnFailure[A-Za-z]*) += "[A-Za-z]+"|Option.(bool|string|int)\("[A-Za-z]+"' *.go |
//	  grep -oE '"[A-Za-z]+"' | tr -d '"' | grep -vE '^(restart|reboot|noaction|application)$' | sort -u
func TestMovingTellsOfEveryOption(t *testing.T) {
	needGo(t)
	keys, err := os.ReadFile(filepath.Join("testdata", "options.txt"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "### Options")
	table, _, _ = strings.Cut(table, "###")
	list := strings.Fields(string(keys))
	if len(list) < 25 {
		t.Fatalf("options.txt has %d keys: that aren't all", len(list))
	}
	for _, key := range list {
		if strings.Count(table, "| `"+key+"` |") != 1 {
			t.Errorf("the page's table of options must have %s once", key)
		}
	}
}
