package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// exception is a test that isn't run in a machine.
type exception struct {
	test, reason string
}

// pattern is what -test.skip takes.
func pattern(list []exception) string {
	var names []string
	for _, e := range list {
		names = append(names, "^"+e.test+"$")
	}
	if len(names) == 0 {
		return "^$"
	}
	return strings.Join(names, "|")
}

// check fails for an exception whose test is gone.
func check(t *testing.T, dir, pkg string, list []exception) {
	t.Helper()
	var text strings.Builder
	files, _ := filepath.Glob(filepath.Join(dir, pkg, "*_test.go"))
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	for _, e := range list {
		if !strings.Contains(text.String(), "\nfunc "+e.test+"(t *testing.T) {") {
			t.Errorf("%s isn't in ./%s: take it off the list of exceptions", e.test, pkg)
		}
	}
}

// table collects what wasn't shown.
type table struct {
	mu    sync.Mutex
	lines []string
	ran   int
}

// take enters the outcomes of a package, and fails the test for those that failed or were skipped without a good reason.
func (x *table) take(t *testing.T, s suite, list []outcome, good *regexp.Regexp) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range s.without {
		x.lines = append(x.lines, fmt.Sprintf("%-20s %-40s not run: %s", s.pkg, e.test, e.reason))
	}
	for _, o := range list {
		switch o.result {
		case "pass":
			x.ran++
		case "fail":
			t.Errorf("%s failed in the machine\n%s", o.test, o.output)
		case "skip":
			x.lines = append(x.lines, fmt.Sprintf("%-20s %-40s skipped: %s", s.pkg, o.test, o.reason()))
			if os.Getenv("DARUMA_CI") != "" && !good.MatchString(o.reason()) {
				t.Errorf("%s was skipped in the machine, and its reason isn't one of the machine's (%v): %s", o.test, good, o.reason())
			}
		}
		if o.seconds > 5 && !strings.Contains(o.test, "/") {
			t.Logf("%s took %.1f s", o.test, o.seconds)
		}
	}
}

// print shows the table, in the test's output and, for runs that show none, in a file whose name begins as DARUMA_LAB_REPORT says.
func (x *table) print(t *testing.T, where, elsewhere string) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	text := fmt.Sprintf("%s: %d tests and subtests passed. Not shown there, and therefore to be shown %s: %d\n  %s\n",
		where, x.ran, elsewhere, len(x.lines), strings.Join(x.lines, "\n  "))
	t.Log(text)
	name := os.Getenv("DARUMA_LAB_REPORT")
	if name == "" {
		return
	}
	name += "." + strings.ReplaceAll(where, " ", "-") // each part of a run replaces its own
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
