package definition

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hangTimeout is how long an answer may take in a test: only a hang exceeds it, not a slow machine.
const hangTimeout = 2 * time.Minute

// TestHostile gives files that are made to exhaust a reader. Each must get an answer, and all but the first few a
// refusal; a panic of the YAML library, a stack overflow or a hang ends the test.
func TestHostile(t *testing.T) {
	const head = "name: a\nprograms:\n  b:\n    command: [c]\n    env:\n"
	fill := func(unit string, size int) string { return strings.Repeat(unit, size/len(unit)) }
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	laughs := "x-0: &a0 {k: v}\n"
	for i := 1; i <= 30; i++ {
		laughs += fmt.Sprintf("x-%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	merges := "x-0: &a0 {k0: v}\n"
	for i := 1; i <= 40; i++ {
		merges += fmt.Sprintf("x-%d: &a%d {<<: [%s*a%d], k%d: v}\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 200), i-1, i)
	}
	// The race detector makes everything ten times slower; the sizes that count are tested without it.
	mib, big, keys := 1<<20, MaxSize-100, 700_000
	if raceDetector {
		mib, big, keys = mib/8, big/8, keys/8
	}
	for _, c := range []struct {
		name, src string
		valid     bool
	}{
		{"comments to 10 MiB", "name: a\nprograms: {b: {command: [c]}}\n" + fill("# a comment of a usual length, and some more\n", big), true},
		{"one long value", head + "      A: " + fill("word ", 9*mib) + "\n", true},
		{"20,000 variables", head + numbered("      V%d: v\n", 20_000), true},
		{"40,000 variables", head + numbered("      V%d: v\n", 40_000), false},
		{"900 empty values", "x-a: [" + fill("{a, b}, ", 3600) + "]\n" + head + "      A: 1\n", true},
		{"5,000 empty values", "x-a:\n" + fill("- \n", 15_000) + head + "      A: 1\n", false},
		{"one long text", head + "      A: |\n" + fill("        a line of text\n", 9*mib), true},
		{"one long quote", head + "      A: \"" + fill("word ", 9*mib) + "\"\n", true},
		{"aliases that multiply, unused", laughs + head + "      A: 1\n", true},
		{"aliases that multiply", laughs + "name: a\nprograms: {b: {command: *a30}}\n", false},
		{"merges that multiply", merges + head + "      <<: *a40\n", true},
		{"an alias used everywhere", "x-a: &a [" + fill("v, ", mib) + "]\nname: a\nprograms:\n" + numbered("  p%d: {command: *a}\n", 5000), false},
		{"brackets", fill("[", big), false},
		{"braces", "a: " + fill("{a: ", big), false},
		{"items in items", fill("- ", big), false},
		{"items in brackets", "a: [" + fill(" - ", big), false},
		{"maps in lists", "a: [" + fill("a: ", big), false},
		{"indentation", func() string {
			var b strings.Builder
			for i := range 3000 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(), false},
		{"anchors", "a: " + fill("&a ", big), false},
		{"aliases", "a: [" + fill("*a ,", big), false},
		{"tags", "a: " + fill("!a ", big), false},
		{"documents", fill("---\na: 1\n", big), false},
		{"keys without value", numbered("k%d:\n", keys), false},
		{"keys in one map", numbered("k%d: v\n", keys), false},
		{"keys in one brace", "a: {" + numbered("k%d, ", keys) + "}", false},
		{"tabs in quotes", "a: \"" + fill("\t", big) + "\"", false},
		{"angles", "a: x " + fill("<", big), false},
		{"angles with spaces", "a: x " + fill("<< ", big), false},
		{"empty lines", "a: |\n" + fill("  text\n", 5*mib) + fill("\n", 4*mib), false},
		{"commas", "a: [" + fill(",", big), false},
		{"colons", fill(": ", big), false},
		{"question marks", fill("? ", big), false},
		{"reserved", fill("@", big), false},
		{"quotes", fill(`""`, big), false},
		{"escapes", `a: "` + fill(`\x41`, big) + `"`, false},
		{"comments on lines", fill("a #\n", big), false},
		{"one long key", fill("k", 5*mib) + ": v\n", false},
		{"long keys in one another", func() string {
			var b strings.Builder
			for i := range 40 {
				b.WriteString(strings.Repeat(" ", i) + strings.Repeat("k", 1000) + ":\n")
			}
			return b.String() + numbered(strings.Repeat(" ", 40)+"k%d: v\n", 20_000)
		}(), false},
		{"unknown keys", "name: a\nprograms:\n" + numbered("  p%d: {bogus: 1, command: [c]}\n", 4000), false},
		{"sockets", "name: a\nprograms:\n  b:\n    command: [c]\n    listen:\n" + numbered("    - {name: s%d, address: '127.0.0.1:80'}\n", 30_000), false},
		{"programs", "name: a\nprograms:\n" + numbered("  p%d: {command: [c]}\n", 5001), false},
		{"a chain of 5,000", "name: a\nprograms:\n  p-0: {command: [c]}\n" + chain(5000), true},
		{"too large", fill("#", MaxSize+2), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.src) > MaxSize+2 {
				t.Fatalf("%d bytes", len(c.src))
			}
			err := parseInTime(t, c.src)
			if c.valid != (err == nil) {
				t.Errorf("unexpected: %.500v", err)
			}
			var errs Errors
			if err != nil && (!errors.As(err, &errs) || len(errs) == 0 || len(errs) > maxErrors+2) {
				t.Errorf("%T with %d errors", err, len(errs))
			}
		})
	}
}

// chain is programs that each wait for the one before.
func chain(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  p-%d: {command: [c], dependsOn: {p-%d: started}}\n", i, i-1)
	}
	return b.String()
}

func parseInTime(t *testing.T, src string) error {
	t.Helper()
	result := make(chan error, 1)
	go func() {
		_, err := Parse([]byte(src), "daruma.yaml", testEnv)
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-time.After(hangTimeout):
		t.Fatal("no answer")
		return nil
	}
}
