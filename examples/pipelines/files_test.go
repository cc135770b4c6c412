package pipelines

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestFiles: what the CI systems read is YAML where they want it, and calls every step of a release, in its order, and none that isn't there.
func TestFiles(t *testing.T) {
	script, err := os.ReadFile("pipeline.sh")
	if err != nil {
		t.Fatal(err)
	}
	steps := regexp.MustCompile(`for step in ([a-z ]+); do "step_`).FindSubmatch(script)
	if steps == nil {
		t.Fatal("pipeline.sh has no list of its steps")
	}
	want := strings.Fields(string(steps[1]))
	for _, name := range []string{"github-actions.yml", "gitlab-ci.yml", "Jenkinsfile"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".yml") {
			var content map[string]any
			if err := yaml.Unmarshal(text, &content); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		var got []string
		for _, call := range regexp.MustCompile(`\./pipeline\.sh (\w+)`).FindAllSubmatch(text, -1) {
			got = append(got, string(call[1]))
		}
		if len(got) > 0 && got[len(got)-1] == "rollback" { // GitLab has a button for it
			got = got[:len(got)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s calls %q, want %q", name, got, want)
		}
	}
}
