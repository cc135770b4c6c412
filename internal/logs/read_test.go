package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

// readAll is the lines of a query, without waiting.
func readAll(t testing.TB, dir string, q logread.Query) []logread.Line {
	t.Helper()
	var lines []logread.Line
	q.Warn = func(err error) { t.Errorf("warning: %v", err) }
	err := logread.Read(context.Background(), dir, q, func(l logread.Line) error {
		l.Text, l.Raw = bytes.Clone(l.Text), bytes.Clone(l.Raw)
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func texts(lines []logread.Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.Write(l.Text)
		if !l.Partial {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// compressed waits until the compressor has nothing to do.
func compressed(b *bench) {
	b.t.Helper()
	b.store.zip.AwaitIdle()
}

func TestReadAcrossRotatedAndCompressedFiles(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		for _, zip := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/zip=%v", format, zip), func(t *testing.T) {
				b := newBench(t, Options{})
				b.store.zip.Settle = 0
				k := b.sink("api", logfile.Settings{Format: format, MaxSize: 20_000, MaxFiles: 1000, Compress: zip})
				c, w := b.attach(k, 4, "stdout")
				var want strings.Builder
				for i := range 3000 {
					fmt.Fprintf(&want, "line %d %s\n", i, strings.Repeat("y", i%90))
				}
				want.WriteString("unfinished")
				for rest := want.String(); len(rest) > 0; {
					n := min(len(rest), 7001)
					w.WriteString(rest[:n])
					rest = rest[n:]
				}
				drain(t, c)
				compressed(b)
				if h, err := logfile.Scan(b.dir); err != nil || zip != (len(h["api"].Zipped) > 3) {
					t.Errorf("%d compressed files, %v", len(h["api"].Zipped), err)
				}
				sameBytes(t, []byte(texts(readAll(t, b.dir, logread.Query{}))), []byte(want.String()))
				all := strings.SplitAfter(want.String(), "\n")
				for _, n := range []int{logread.None, 1, 2, 100, 700, 2999, 3000, 3001, 9000} {
					got := readAll(t, b.dir, logread.Query{Last: n})
					if n > 0 && (got[0].Time.IsZero() || got[0].Generation != 4) {
						t.Errorf("-n %d: time %v, generation %d", n, got[0].Time, got[0].Generation)
					}
					sameBytes(t, []byte(texts(got)), []byte(strings.Join(all[max(0, len(all)-max(n, 0)):], "")))
				}
				if got := k.Tail(3, 1<<20); len(got) != 3 || got[2] != "unfinished" || !strings.HasPrefix(got[0], "line 2998 ") {
					t.Errorf("tail: %q", got)
				}
			})
		}
	}
}

// put writes text and waits until it is captured.
func put(t testing.TB, k *Sink, w *os.File, text string) {
	t.Helper()
	want := k.Stats().Captured + int64(len(text))
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	for k.Stats().Captured < want {
		time.Sleep(100 * time.Microsecond) // sleep: between two calls of Stats, which has no event
	}
}

func TestProgramsInterleaveByTime(t *testing.T) {
	b := newBench(t, Options{})
	var sinks []*Sink
	var ends []*os.File
	for i, name := range []string{"api", "worker", "cron"} {
		k := b.sink(name, logfile.Settings{Format: []logfile.Format{logfile.Text, logfile.JSON, logfile.Text}[i], MaxSize: 300, MaxFiles: 1000})
		_, w := b.attach(k, 1, "stdout")
		sinks, ends = append(sinks, k), append(ends, w)
	}
	var want strings.Builder
	var middle time.Time
	for i := range 60 {
		if i == 30 {
			middle = time.Now()
		}
		line := fmt.Sprintf("line %d\n", i)
		put(t, sinks[i*7%3], ends[i*7%3], line)
		want.WriteString(line)
		time.Sleep(11 * time.Millisecond) // sleep: more than the index unites
	}
	sameBytes(t, []byte(texts(readAll(t, b.dir, logread.Query{}))), []byte(want.String()))
	since := texts(readAll(t, b.dir, logread.Query{Since: middle}))
	until := texts(readAll(t, b.dir, logread.Query{Until: middle}))
	sameBytes(t, []byte(until+since), []byte(want.String()))
	if !strings.HasPrefix(since, "line 30\n") {
		t.Errorf("since the middle begins with %.20q", since)
	}
	if got := readAll(t, b.dir, logread.Query{Programs: []string{"worker"}, Last: 1}); len(got) != 1 || got[0].Stream != "stdout" || got[0].Program != "worker" {
		t.Errorf("%+v", got)
	}
}

// follower follows a program in the background.
type follower struct {
	text chan string // what came, line by line
	done chan error
	stop context.CancelFunc
}

func follow(dir string, q logread.Query) *follower {
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{text: make(chan string, 1<<20), done: make(chan error, 1), stop: cancel}
	q.Follow = true
	go func() {
		f.done <- logread.Read(ctx, dir, q, func(l logread.Line) error {
			text := string(l.Text)
			if !l.Partial {
				text += "\n"
			}
			f.text <- text
			return nil
		})
	}()
	return f
}

func TestFollowLosesNothingAcrossRotations(t *testing.T) {
	for _, format := range []logfile.Format{logfile.Text, logfile.JSON} {
		t.Run(string(format), func(t *testing.T) {
			b := newBench(t, Options{})
			b.store.zip.Settle = 0
			k := b.sink("api", logfile.Settings{Format: format, MaxSize: 5000, MaxFiles: 100_000, Compress: true})
			c, w := b.attach(k, 1, "stdout")
			f := follow(b.dir, logread.Query{Programs: []string{"api"}, Warn: func(err error) { t.Error(err) }})
			rnd := rand.New(rand.NewPCG(1, 1))
			var want bytes.Buffer
			for i := range 20_000 {
				line := fmt.Sprintf("line %d %s\n", i, strings.Repeat("z", rnd.IntN(60)))
				w.WriteString(line)
				want.WriteString(line)
				if i%1000 == 0 {
					time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond) // sleep: it plays a program that pauses
				}
			}
			drain(t, c)
			var got bytes.Buffer
			timeout := time.After(30 * time.Second)
			for got.Len() < want.Len() {
				select {
				case s := <-f.text:
					got.WriteString(s)
				case <-timeout:
					t.Fatalf("%d of %d bytes followed", got.Len(), want.Len())
				}
			}
			f.stop()
			if err := <-f.done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			sameBytes(t, got.Bytes(), want.Bytes())
		})
	}
}

func TestFollowTellsOfNewProgramsAndUnfinishedLines(t *testing.T) {
	b := newBench(t, Options{})
	f := follow(b.dir, logread.Query{})
	defer func() { f.stop(); <-f.done }()
	_, w := b.attach(b.sink("late", logfile.Settings{}), 1, "")
	w.WriteString("first\nname: ")
	for _, want := range []string{"first\n", "name: "} {
		select {
		case got := <-f.text:
			if got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q didn't come", want)
		}
	}
	w.WriteString("daruma\n")
	if got := <-f.text; got != "daruma\n" {
		t.Fatalf("got %q", got)
	}
}

func TestDamagedFilesAreReadAsFarAsTheyGo(t *testing.T) {
	b := newBench(t, Options{})
	b.store.zip.Settle = 0
	k := b.sink("api", logfile.Settings{MaxSize: 2500, MaxFiles: 1000, Compress: true})
	c, w := b.attach(k, 1, "")
	for i := range 1000 {
		fmt.Fprintf(w, "line %d\n", i)
	}
	drain(t, c)
	compressed(b)
	zipped, err := filepath.Glob(filepath.Join(b.dir, logfile.CompressedFolder, "*.gz"))
	if err != nil || len(zipped) < 2 {
		t.Fatalf("%v, %v", zipped, err)
	}
	data, err := os.ReadFile(zipped[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(zipped[1], data[:len(data)/2], 0o640); err != nil {
		t.Fatal(err)
	}
	indexes, _ := filepath.Glob(filepath.Join(b.dir, "*.idx"))
	for _, path := range indexes {
		if err := os.WriteFile(path, []byte("daruma index 1\n\x00 what a mess, not one record of it checks"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	var warned []error
	count, last := 0, ""
	err = logread.Read(context.Background(), b.dir, logread.Query{Warn: func(err error) { warned = append(warned, err) }}, func(l logread.Line) error {
		count++
		last = string(l.Text)
		return nil
	})
	if err != nil || len(warned) != 1 || count < 600 || count >= 1000 || last != "line 999" {
		t.Errorf("%v; warned %v; %d lines, the last %q", err, warned, count, last)
	}
}
