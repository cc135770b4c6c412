package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// shown is each line with its run.
func shown(lines []logread.Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%d:%s", l.Generation, l.Text)
		if l.RunEnded {
			b.WriteString("(over)")
		}
		b.WriteByte('|')
	}
	return b.String()
}

// TestRunEndsItsLine: a last line without a newline and the next run's first line are two, though nothing stands between them in the file;
// also where the service was started again meanwhile, so that the next run has the number of the last, and across a rotation.
func TestRunEndsItsLine(t *testing.T) {
	for name, size := range map[string]int64{"one file": 0, "a file a run": 4} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, run := range []struct {
				generation int
				text       string
			}{{1, "a\nlast"}, {2, "first\nlast2"}, {1, "new"}, {1, "\nx"}, {2, "y"}} {
				b := newBench(t, Options{Dir: dir})
				c, w := b.attach(b.sink("api", logfile.Settings{MaxSize: size, MaxFiles: 100}), run.generation, "stdout")
				w.WriteString(run.text)
				drain(t, c)
				b.store.Close()
			}
			sameBytes(t, stored(t, dir, "api"), []byte("a\nlastfirst\nlast2new\nxy"))
			const want = "1:a|1:last(over)|2:first|2:last2(over)|1:new(over)|1:|1:x(over)|2:y(over)|"
			if got := shown(readAll(t, dir, logread.Query{})); got != want {
				t.Errorf("shown is %s\n     want %s", got, want)
			}
			for n, want := range map[int]string{1: "2:y(over)|", 3: "1:|1:x(over)|2:y(over)|", 5: "2:last2(over)|1:new(over)|1:|1:x(over)|2:y(over)|"} {
				if got := shown(readAll(t, dir, logread.Query{Last: n})); got != want {
					t.Errorf("-n %d shows %s, want %s", n, got, want)
				}
			}
			if got := strings.Join(logread.Tail(dir, "api", 0, 2, 1000), "|"); size == 0 && got != "x|y" {
				t.Errorf("the last two lines are %s", got)
			}
		})
	}
}

// TestEndWithoutWord: everything was killed, so that no end was noted. The next run's number, or its fresh pipe, says it.
func TestEndWithoutWord(t *testing.T) {
	for _, next := range []int{1, 2} {
		dir := t.TempDir()
		b := newBench(t, Options{Dir: dir})
		k := b.sink("api", logfile.Settings{})
		_, w := b.attach(k, 1, "stdout")
		put(t, k, w, "last")
		b.settled()
		b.store.Close()
		b = newBench(t, Options{Dir: dir, SpoolDir: filepath.Join(t.TempDir(), "spool")})
		c, w := b.attach(b.sink("api", logfile.Settings{}), next, "stdout")
		w.WriteString("first\n")
		drain(t, c)
		if got, want := shown(readAll(t, dir, logread.Query{})), fmt.Sprintf("1:last(over)|%d:first|", next); got != want {
			t.Errorf("shown is %s, want %s", got, want)
		}
	}
}

// TestFollowerSeesTheEnd at once where a run ends within a line, and once more where the line was shown before the run ended; Stop gives the
// rest, that of a program without a log so far included.
func TestFollowerSeesTheEnd(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	lines, stop, done := make(chan logread.Line, 100), make(chan struct{}), make(chan error)
	go func() {
		q := logread.Query{Follow: true, Stop: stop, Expect: []string{"api", "job"}}
		done <- logread.Read(t.Context(), b.dir, q, func(l logread.Line) error {
			l.Text = append([]byte(nil), l.Text...)
			lines <- l
			return nil
		})
	}()
	next := func(want string) {
		t.Helper()
		select {
		case l := <-lines:
			if got := shown([]logread.Line{l}); got != want {
				t.Fatalf("shown is %s, want %s", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s isn't shown", want)
		}
	}
	c, w := b.attach(k, 1, "stdout")
	w.WriteString("password: ")
	next("1:password: |")
	drain(t, c)
	next("1:(over)|")
	c, w = b.attach(k, 2, "stdout")
	w.WriteString("last")
	drain(t, c)
	next("2:last(over)|")
	c, w = b.attach(b.sink("job", logfile.Settings{}), 1, "stdout")
	w.WriteString("short")
	drain(t, c)
	close(stop)
	next("1:short(over)|")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestRunsKeepTheirOrder: the next run's pipe comes before the word that its predecessor is over, as where restarts are a millisecond apart.
func TestRunsKeepTheirOrder(t *testing.T) {
	b := newBench(t, Options{})
	k := b.sink("api", logfile.Settings{})
	var want strings.Builder
	var ended sync.WaitGroup
	for n := 1; n <= 500; n++ {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, "%d\n", n)
		fmt.Fprintf(&want, "%d\n", n)
		w.Close()
		c, err := k.Attach(n, "stdout", r)
		if err != nil {
			t.Fatal(err)
		}
		ended.Go(func() { drain(t, c) })
	}
	ended.Wait()
	sameBytes(t, stored(t, b.dir, "api"), []byte(want.String()))
}

// TestLastLinesAreLines: a line that comes in parts, because it is longer than what is given in one piece, than a file may be, or than what
// is encoded at once, is one line.
func TestLastLinesAreLines(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 160<<10) + "\n"
	for _, s := range []logfile.Settings{{}, {MaxSize: 600 << 10, MaxFiles: 100}, {Format: logfile.JSON}} {
		t.Run(fmt.Sprintf("%s, %d", s.Format, s.MaxSize), func(t *testing.T) {
			b := newBench(t, Options{})
			c, w := b.attach(b.sink("api", s), 1, "stdout")
			w.WriteString("one\ntwo\n" + long + "four\n")
			drain(t, c)
			for n, want := range map[int]string{1: "four\n", 2: long + "four\n", 3: "two\n" + long + "four\n"} {
				sameBytes(t, []byte(texts(readAll(t, b.dir, logread.Query{Last: n}))), []byte(want))
			}
		})
	}
}
