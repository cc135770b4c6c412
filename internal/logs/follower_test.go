package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// followed is what a follower gives: texts by position, in order.
type followed struct {
	at    []logread.Position
	texts []string
	warns []string
}

// take reads at most n lines from a position on, and gives the position after them.
func (r *followed) take(t *testing.T, dir string, from logread.Position, n int) logread.Position {
	t.Helper()
	f, err := logread.Follow(dir, "api", from, func(err error) { r.warns = append(r.warns, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range n {
		l, at, ok, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		r.at, r.texts = append(r.at, at), append(r.texts, string(l.Text))
		from = f.Position()
	}
	return from
}

// TestFollowerGoesOn: whoever is killed after any line and goes on at its position gets the next line, at the position that it has for
// everybody, however often the files were rotated and compressed meanwhile.
func TestFollowerGoesOn(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			b := newBench(t, Options{})
			b.store.zip.Settle = 0
			k := b.sink("api", logfile.Settings{Format: format, MaxSize: 5000, MaxFiles: 1000, Compress: true})
			var want []string
			var step followed
			at := logread.Position{}
			for run := range 6 {
				c, w := b.attach(k, run+1, "stdout")
				for i := range 200 {
					want = append(want, fmt.Sprintf("run %d, line %d", run, i))
					fmt.Fprintln(w, want[len(want)-1])
					if i%50 == 0 {
						at = step.take(t, b.dir, at, 7)
					}
				}
				if run%2 == 0 { // a last line without a newline
					want = append(want, fmt.Sprintf("run %d ends", run))
					fmt.Fprint(w, want[len(want)-1])
				}
				drain(t, c)
				compressed(b)
			}
			for before := (logread.Position{}); before != at; {
				before, at = at, step.take(t, b.dir, at, 13)
			}
			if got := strings.Join(step.texts, "\n"); got != strings.Join(want, "\n") {
				t.Errorf("in steps: %d lines, want %d", len(step.texts), len(want))
			}
			var whole followed
			whole.take(t, b.dir, logread.Position{}, 1<<30)
			for i := range whole.at {
				if whole.at[i] != step.at[i] || whole.texts[i] != step.texts[i] || whole.at[i].Born == 0 {
					t.Fatalf("line %d is %q at %+v, and at once %q at %+v", i, step.texts[i], step.at[i], whole.texts[i], whole.at[i])
				}
			}
			if len(step.warns)+len(whole.warns) > 0 {
				t.Errorf("%q", append(step.warns, whole.warns...))
			}
		})
	}
}

// TestFollowerCutsLongLinesAlwaysAlike: also where one was read before it was complete.
func TestFollowerCutsLongLinesAlwaysAlike(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	c, w := b.attach(k, 1, "stdout")
	line := strings.Repeat("0123456789abcdef", 5<<20/16) + "end"
	var early, late followed
	for rest := line; rest != ""; {
		n := min(len(rest), 700_001)
		fmt.Fprint(w, rest[:n])
		rest = rest[n:]
		early.take(t, b.dir, logread.Position{}, 1<<30)
	}
	fmt.Fprintln(w)
	drain(t, c)
	late.take(t, b.dir, logread.Position{}, 1<<30)
	parts := map[logread.Position]string{}
	for i, at := range late.at {
		parts[at] = late.texts[i]
	}
	if got := strings.Join(late.texts, ""); got != line || len(late.texts) != 6 {
		t.Errorf("%d bytes in %d parts, want %d", len(got), len(late.texts), len(line))
	}
	for i, at := range early.at {
		if parts[at] != early.texts[i] {
			t.Fatalf("at %+v there were %d bytes, now %d", at, len(early.texts[i]), len(parts[at]))
		}
	}
}

// TestFollowerWaitsForTheNewline: the beginning of a line is no line.
func TestFollowerWaitsForTheNewline(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	c, w := b.attach(k, 1, "stdout")
	put(t, k, w, "whole\nhal")
	var r followed
	at := r.take(t, b.dir, logread.Position{}, 10)
	if len(r.texts) != 1 {
		t.Errorf("%q", r.texts)
	}
	put(t, k, w, "f\n")
	r.take(t, b.dir, at, 10)
	if len(r.texts) != 2 || r.texts[1] != "half" {
		t.Errorf("%q", r.texts)
	}
	drain(t, c)
}

// TestFollowerSaysWhatIsGone: files that were deleted before they were read, and a folder that was emptied.
func TestFollowerSaysWhatIsGone(t *testing.T) {
	b := newBench(t, Options{})
	settings := logfile.Settings{MaxSize: 2000, MaxFiles: 1000}
	writeLines(t, b, settings, 2000)
	var r followed
	at := r.take(t, b.dir, logread.Position{}, 10)
	names, _ := filepath.Glob(filepath.Join(b.dir, "api.0000000[1-3]*"))
	for _, name := range names {
		os.Remove(name)
	}
	at = r.take(t, b.dir, at, 1<<30)
	if len(r.warns) != 1 || !strings.Contains(r.warns[0], "the rest of file 1, and 2 files after it") {
		t.Errorf("%q", r.warns)
	}
	if last := r.texts[len(r.texts)-1]; last != "line 1999" {
		t.Errorf("ends with %q", last)
	}
	b.store.Close()
	names, _ = filepath.Glob(filepath.Join(b.dir, "api.*"))
	for _, name := range names {
		os.Remove(name)
	}
	b = newBench(t, Options{Dir: b.dir})
	writeLines(t, b, settings, 3)
	var again followed
	again.take(t, b.dir, at, 10)
	if len(again.warns) != 1 || len(again.texts) != 3 || !strings.Contains(again.warns[0], "isn't the one that was read") {
		t.Errorf("%q, %q", again.warns, again.texts)
	}
	if again.at[0] == r.at[0] {
		t.Errorf("the line has the position of another one: %+v", again.at[0])
	}
}

// TestFollowerEnd: behind everything, and then the next line.
func TestFollowerEnd(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{MaxSize: 1000, MaxFiles: 10})
	c, w := b.attach(k, 1, "stdout")
	put(t, k, w, string(bytes.Repeat([]byte("old\n"), 400)))
	end, err := logread.End(b.dir, "api")
	if err != nil {
		t.Fatal(err)
	}
	put(t, k, w, "new\n")
	var r followed
	r.take(t, b.dir, end, 10)
	if len(r.texts) != 1 || r.texts[0] != "new" || len(r.warns) > 0 {
		t.Errorf("%q, %q", r.texts, r.warns)
	}
	drain(t, c)
}
