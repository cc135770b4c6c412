package definition

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// secret must never appear in an error.
const secret = "hunter2:swordfish"

// testEnv is the environment of all tests here.
func testEnv(name string) (string, bool) {
	value, ok := map[string]string{"PORT": "8080", "SECRET": secret, "EMPTY": "", "WITHNUL": secret + "\x00"}[name]
	return value, ok
}

// TestGolden compares what comes of each testdata/*.yaml, the model or the errors, with the golden file beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("only %d files in testdata: %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			svc, err := Parse(src, "daruma.yaml", testEnv)
			if strings.HasPrefix(name, "valid-") != (err == nil) {
				t.Errorf("unexpected: %v", err)
			}
			got := render(t, svc, err)
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func render(t *testing.T, svc *Service, err error) string {
	t.Helper()
	if err != nil {
		if strings.Contains(err.Error(), "hunter2") {
			t.Error("an error shows the value of a variable")
		}
		return err.Error() + "\n"
	}
	shown := *svc
	shown.File, shown.Dir, shown.Source = "", "", nil
	out, merr := json.MarshalIndent(shown, "", " ")
	if merr != nil {
		t.Fatal(merr)
	}
	dir, merr := json.Marshal(svc.Dir)
	if merr != nil {
		t.Fatal(merr)
	}
	text := strings.ReplaceAll(string(out), strings.Trim(string(dir), `"`), "DIR") + "\n"
	if drive := filepath.VolumeName(svc.Dir); drive != "" { // Windows: the golden files have the paths of Linux
		native := regexp.MustCompile(`"(DIR|` + regexp.QuoteMeta(drive) + `)\\\\[^"]*"`)
		text = native.ReplaceAllStringFunc(text, func(path string) string {
			return strings.ReplaceAll(strings.Replace(path, drive, "", 1), `\\`, "/")
		})
	}
	return text
}
